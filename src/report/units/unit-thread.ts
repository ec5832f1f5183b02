import { answerCalls } from "../../base/threads/call-threads.ts";
import { reportUnitAt } from "./unit-report.ts";

// What a thread that takes rows and texts from units runs.
answerCalls(reportUnitAt);
