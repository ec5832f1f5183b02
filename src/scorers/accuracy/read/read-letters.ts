import { isNumberWord } from "./number-words.ts";
import type { Token } from "./token.ts";

/** Words that mean the same without a backslash. */
const COMMANDS: ReadonlySet<string> = new Set(
  "sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan asin acos atan log ln lg exp sqrt cbrt pi infty infinity inf abs det max min gcd lcm theta alpha beta gamma lambda floor ceil".split(
    " ",
  ),
);

/** Numbers that are written as words after a number. */
export const SCALES: ReadonlyMap<string, bigint> = new Map([
  ["hundred", 100n],
  ["thousand", 1000n],
  ["million", 10n ** 6n],
  ["billion", 10n ** 9n],
  ["trillion", 10n ** 12n],
]);

/** Short runs of letters that are a unit or an ordinal ending when they follow a number. */
const SHORT_UNITS: ReadonlySet<string> = new Set(
  "cm mm km kg mg ft in mi lb lbs oz ml mL hr hrs min mins sec secs mph kph kmh Hz kHz MHz GHz Pa kPa MPa eV keV MeV GeV mol rad deg pct am pm AM PM nm um ms ns kN mN kV mV mA kW MW kJ MJ cal kcal yd yr yrs atm dB AU pc Mpc kpc Gyr Myr erg cc sq cu ha kWh Wh GB MB KB TB kB dm dL cl cL dl st nd rd th USD EUR GBP RMB CNY INR".split(
    " ",
  ),
);

/** "And" and "or" in other languages, between answers. */
const OTHER_JOINTS: ReadonlyMap<string, string> = new Map([
  ["oder", "or"],
  ["ou", "or"],
  ["или", "or"],
  ["und", "and"],
  ["et", "and"],
  ["或", "or"],
  ["或者", "or"],
  ["和", "and"],
  ["与", "and"],
  ["及", "and"],
]);

/** Short words of prose that are no product of variables. */
const PROSE: ReadonlySet<string> = new Set(
  "for the not but are all any yes iff its has was per via one two six ten if of is no".split(" "),
);

const FUNCTION_INSIDE = /^(.*?)(arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|sqrt|log|ln|exp|pi)(.*)$/;

/** Whether a word is a function or a constant, written without its backslash. */
export function isFunctionName(word: string): boolean {
  return COMMANDS.has(word);
}

/** The tokens of a run of letters outside of `\text`: a command without its backslash, words, or a product of variables. */
export function readLetters(run: string, before: Token | undefined, spaced: boolean): Token[] {
  if (run === "and" || run === "or") return [{ kind: "sep", text: run, spaced }];
  const joint = before === undefined || run.length > 4 ? undefined : OTHER_JOINTS.get(run);
  if (joint !== undefined && (spaced || run > "z")) return [{ kind: "sep", text: joint, spaced }];
  if (run.length > 2 && isNumberWord(run)) return readWords(run, before, spaced);
  if (run === "min" && before?.kind === "num") return [{ kind: "text", text: run, spaced }];
  if (COMMANDS.has(run)) return [{ kind: "cmd", text: run === "infinity" || run === "inf" ? "infty" : run, spaced }];
  if (isWord(run, before)) return readWords(run, before, spaced);
  const fn = run.length <= 8 ? FUNCTION_INSIDE.exec(run) : null;
  const [, left = "", name, right = ""] = fn ?? [];
  if (name === undefined) return symbols(run, spaced);
  const command: Token = { kind: "cmd", text: name, spaced };
  return [...symbols(left, spaced), command, ...(right === "" ? [] : readLetters(right, command, false))];
}

/** The tokens of words: one `text`, after a number's scale (`million dollars`). */
export function readWords(words: string, before: Token | undefined, spaced: boolean): Token[] {
  const [first = "", ...rest] = words.split(" ");
  if (before?.kind !== "num" || !SCALES.has(first.toLowerCase())) return [{ kind: "text", text: words, spaced }];
  const scale: Token = { kind: "cmd", text: first.toLowerCase(), spaced };
  return rest.length === 0 ? [scale] : [scale, { kind: "text", text: rest.join(" "), spaced: true }];
}

function symbols(letters: string, spaced: boolean): Token[] {
  return Array.from(letters, (letter): Token => ({ kind: "sym", text: letter, spaced }));
}

/** Whether letters are a word of a language (or a unit after a number) and no product of variables. */
function isWord(run: string, before: Token | undefined): boolean {
  if (/^[^\p{ASCII}\p{Script=Greek}]+$/u.test(run)) return true;
  if (run.length >= 4)
    return /[aeiouyAEIOUY]/.test(run) && !/^[A-Z]+$/.test(run) && !/^(?:arc)?(?:sin|cos|tan|sqrt|log|ln)/.test(run);
  if (run.length === 1) return false;
  if (PROSE.has(run)) return true;
  if (before?.kind === "text") return true;
  return (
    (before?.kind === "num" ||
      before?.kind === "cmd" ||
      before?.text === "}" ||
      before?.text === ")" ||
      before?.text === "/") &&
    SHORT_UNITS.has(run)
  );
}
