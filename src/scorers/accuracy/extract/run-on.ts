import { ANSWER_WORD } from "./answer-words.ts";

const TITLES = [
  "question",
  "problem",
  "exercise",
  "aufgabe",
  "frage",
  "pregunta",
  "problema",
  "problème",
  "вопрос",
  "задача",
  "问题",
  "問題",
  "题目",
  "題目",
  "질문",
  "문제",
].join("|");

/** A line that begins the next question of a list of them, a turn of a dialogue, or the sign at the end of a text. */
const NEXT_QUESTION = new RegExp(
  String.raw`\n[ \t]*(?:[#>*_]{1,6}[ \t]*)?(?:(?:${TITLES})(?:[ \t]*(?:no\.?[ \t]*)?#?\d{1,4})?[ \t]*[*_]{0,2}[ \t]*(?:[:：]|\.[ \t])|(?<=[#>*_]{1,6}[ \t]*)(?:${TITLES})(?:[ \t]*#?\d{1,4})?[ \t]*[*_]{0,2}[ \t]*(?=\n)|(?:Q|Human|User)[ \t]*\d{0,3}[ \t]*[*_]{0,2}:)|(?<=[.!?\d}$)。][ \t]{1,4})(?:question|problem|Q):|<\|(?:im_end|im_start|endoftext|eot_id|end_of_text|end)\|>|<｜end▁of▁sentence｜>`,
  "giu",
);

/** What a text must have for one of these to be in it: nearly all texts have not. */
const HINT = new RegExp(`${TITLES}|Q\\d{0,3}[*_]{0,2}:|Human|User|<[|｜]`, "i");

/** Where a text gives an answer, and does not only guess. */
const GIVEN = new RegExp(
  String.raw`####[ \t]*\S|\\(?:boxed|fbox)\s*\{\s*[^\s}.]|<answer>|(?:^|\n)[ \t]*A:[ \t]*\S|(?:${ANSWER_WORD})s?[*_\s]{0,4}(?:\s(?:is|are)(?!\p{L}|\s+(?:as|given|found|below|obtained|computed|in)\b)|[:：]|是|为|為|は|는|은|\s(?:est|es|ist|lautet|è|é)(?!\p{L}))(?:[ \t*_]*\S|\s*[-$\\(]?\d)`,
  "iu",
);

/**
 * A text up to where the model goes on with a question of its own: behind an answer, at the first line that begins with "Question:",
 * "Problem:" or "Q:", or at the end of its turn. Reasoning before `</think>` is never cut.
 */
export function withoutRunOn(text: string): string {
  if (!HINT.test(text)) return text;
  const thought = text.indexOf("</think>");
  const from = thought < 0 ? 0 : thought;
  if (thought < 0 && /^\s*<think>/.test(text)) return text;
  const given = GIVEN.exec(text.slice(from));
  if (given === null) return text;
  NEXT_QUESTION.lastIndex = from + given.index + given[0].length;
  const next = NEXT_QUESTION.exec(text);
  return next === null ? text : text.slice(0, next.index);
}
