/** A completion cut at the end of its reasoning. */
export interface SplitText {
  /** Up to and without the first `</think>`; the whole text of a reasoning that was never closed; "" if there is none. */
  readonly thinking: string;
  /** What follows the reasoning; the whole text if there is none; null while the reasoning is open. */
  readonly answer: string | null;
}

const OPEN = "<think>";
const CLOSE = "</think>";

/** Cuts a completion into reasoning and answer. `prefill` is what the chat template put before it (`<think>\n`), or "". */
export function splitReasoning(completion: string, prefill = ""): SplitText {
  const close = completion.indexOf(CLOSE);
  if (close >= 0) return { thinking: completion.slice(0, close), answer: completion.slice(close + CLOSE.length) };
  const open = (prefill + completion).includes(OPEN);
  return open ? { thinking: completion, answer: null } : { thinking: "", answer: completion };
}
