import { answerCalls } from "../../base/threads/call-threads.ts";
import { tablesAt } from "./unit-source.ts";

// What a thread that reads scores runs.
answerCalls(tablesAt);
