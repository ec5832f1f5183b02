import { answerCalls } from "../../base/threads/call-threads.ts";
import { rescoreUnit } from "./rescore-unit.ts";

// What a thread that scores runs.
answerCalls(rescoreUnit);
