import { answerCalls } from "../../base/call-threads.ts";
import { rescoreUnit } from "./rescore-unit.ts";

// What a thread that scores runs.
answerCalls(rescoreUnit);
