import { InputError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const WORD = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
const REST = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
const CASED_REST = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const PREFIX = "[^\\r\\n\\p{L}\\p{N}]?";

/** What a name of llama.cpp stands for: patterns that text is split by, or steps that have no pattern. */
const STEPS: ReadonlyMap<string, readonly string[]> = new Map([
  ["qwen2", [`split ${CONTRACTIONS}|${WORD}|\\p{N}|${REST}`]],
  ["llama-bpe", [`split ${CONTRACTIONS}|${WORD}|\\p{N}{1,3}|${REST}`]],
  ["tekken", [`split ${PREFIX}${UPPER}*${LOWER}+|${PREFIX}${UPPER}+${LOWER}*|\\p{N}|${CASED_REST}`]],
  [
    "gpt-4o",
    [
      `split ${PREFIX}${UPPER}*${LOWER}+${CONTRACTIONS}?|${PREFIX}${UPPER}+${LOWER}*${CONTRACTIONS}?|\\p{N}{1,3}|${CASED_REST}`,
    ],
  ],
  ["smollm", ["digits", "gpt2"]],
  ["gpt-2", ["gpt2"]],
]);

/** llama.cpp knows pre-tokenizers by name; these are the ones whose steps it carries out exactly. */
const BY_STEPS: ReadonlyMap<string, string> = new Map(Array.from(STEPS, ([name, steps]) => [steps.join(", "), name]));

/** Names that cut as another does. */
const SAME_CUT: ReadonlyMap<string, string> = new Map([
  ["deepseek-r1-qwen", "qwen2"],
  ["dbrx", "llama-bpe"],
]);

const DEEPSEEK_BOS = "<｜begin▁of▁sentence｜>";

/**
 * The name (`tokenizer.ggml.pre`) under which llama.cpp cuts text as the pre-tokenizer of a tokenizer.json does.
 * @throws InputError if llama.cpp has none: its tokens would differ silently from the ones the model was trained on
 */
export function preTokenizerName(json: Readonly<Record<string, unknown>>, where: string): string {
  const steps = describeSteps(json.pre_tokenizer).join(", ");
  const name = BY_STEPS.get(steps);
  if (name === undefined) {
    throw new InputError(
      `${where}: tokenizer.json: the pre-tokenizer is not one that llama.cpp is known to carry out: ${steps}`,
      {
        hint: "Add its steps and llama.cpp's name for them to src/checkpoints/tokenizer/pre-tokenizer.ts.",
      },
    );
  }
  const model = isRecord(json.model) ? json.model : {};
  // Under the name llama-bpe, a word that is a token as a whole is never merged; dbrx is the same pattern without that.
  if (name === "llama-bpe" && model.ignore_merges !== true) return "dbrx";
  const added: unknown[] = Array.isArray(json.added_tokens) ? json.added_tokens : [];
  const isDeepSeek = added.some((token) => isRecord(token) && token.content === DEEPSEEK_BOS);
  return name === "qwen2" && isDeepSeek ? "deepseek-r1-qwen" : name;
}

/** The steps that cut text, in order. A ByteLevel step without its own pattern only re-spells bytes. */
function describeSteps(step: unknown): string[] {
  if (!isRecord(step)) return [];
  switch (step.type) {
    case "Sequence":
      return Array.isArray(step.pretokenizers) ? step.pretokenizers.flatMap(describeSteps) : [];
    case "Split": {
      const pattern = isRecord(step.pattern) ? (step.pattern.Regex ?? step.pattern.String) : undefined;
      const plain = (step.behavior ?? "Isolated") === "Isolated" || step.behavior === "Removed";
      const inverted = step.invert === true && step.behavior === "Isolated";
      const kind = plain && !inverted ? "split" : `split (${String(step.behavior)})`;
      return [`${kind} ${typeof pattern === "string" ? pattern : "?"}`];
    }
    case "Digits":
      return [step.individual_digits === true ? "digits" : "digits together"];
    case "ByteLevel":
      return step.use_regex === false ? [] : ["gpt2"];
    default:
      return [String(step.type)];
  }
}

/** The pre-tokenizer of a tokenizer.json that cuts text as llama.cpp does under a name; undefined for other names. */
export function preTokenizerOf(
  name: string,
):
  | { readonly steps: readonly object[]; readonly normalizer: object | null; readonly ignoreMerges: boolean }
  | undefined {
  const steps = STEPS.get(SAME_CUT.get(name) ?? name);
  if (steps === undefined) return undefined;
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
  const json = steps.map((step) => {
    if (step === "digits") return { type: "Digits", individual_digits: true };
    if (step === "gpt2") return { ...byteLevel, use_regex: true };
    return { type: "Split", pattern: { Regex: step.slice("split ".length) }, behavior: "Isolated", invert: false };
  });
  return {
    steps: steps.includes("gpt2") ? json : [...json, { ...byteLevel, use_regex: false }],
    // Qwen's own, which llama.cpp does without.
    normalizer: name === "qwen2" ? { type: "NFC" } : null,
    ignoreMerges: name === "llama-bpe",
  };
}
