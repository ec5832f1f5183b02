import type { Answer } from "../values/answer.ts";
import type { Token } from "./token.ts";

/** Reads a part of an answer as an answer. */
export type ReadPart = (part: readonly Token[]) => Answer;
