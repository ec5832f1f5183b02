/** What somebody looks at; all of it is in the address, so that it can be sent to others. */
export interface View {
  /** The point under the slider. */
  readonly point: string;
  /** The point that it is compared with. */
  readonly other: string;
  readonly benchmark: string;
  readonly filter: string;
  /** Labels that questions must have, such as level and subject. */
  readonly labels: Readonly<Record<string, string>>;
  /** To be found in the question or its answers. */
  readonly text: string;
  /** The question that is open. */
  readonly question: string;
  readonly attempt: number;
  readonly mode: AnswerMode;
  /** Column of the table of points, from 1; negative from high to low; 0 as the sweep has them. */
  readonly sort: number;
}

/** Texts with changes marked, with mathematics rendered, or as they are. */
export type AnswerMode = "changes" | "rendered" | "source";

const LABEL = "label.";

/** The view that an address asks for; what it does not say is as in the view to begin with. */
export function readAddress(hash: string, start: View): View {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const text = (name: string, otherwise: string): string => asked.get(name) ?? otherwise;
  const mode = text("mode", start.mode);
  return {
    point: text("point", start.point),
    other: text("with", start.other),
    benchmark: text("benchmark", start.benchmark),
    filter: text("filter", start.filter),
    labels: Object.fromEntries(
      Array.from(asked).flatMap(([name, value]) => (name.startsWith(LABEL) ? [[name.slice(LABEL.length), value]] : [])),
    ),
    text: text("text", start.text),
    question: text("question", start.question),
    attempt: wholeNumber(asked.get("attempt"), start.attempt),
    mode: mode === "rendered" || mode === "source" ? mode : "changes",
    sort: wholeNumber(asked.get("sort"), start.sort),
  };
}

/** The address of a view: what is as to begin with is left out. */
export function writeAddress(view: View, start: View): string {
  const address = new URLSearchParams();
  const add = (name: string, value: string | number, otherwise: string | number): void => {
    if (value !== otherwise) address.set(name, String(value));
  };
  add("point", view.point, start.point);
  add("with", view.other, start.other);
  add("benchmark", view.benchmark, start.benchmark);
  add("filter", view.filter, start.filter);
  for (const [name, value] of Object.entries(view.labels)) add(`${LABEL}${name}`, value, "");
  add("text", view.text, start.text);
  add("question", view.question, start.question);
  add("attempt", view.attempt, start.attempt);
  add("mode", view.mode, start.mode);
  add("sort", view.sort, start.sort);
  return address.toString();
}

function wholeNumber(text: string | null, otherwise: number): number {
  const number = text === null || text === "" ? Number.NaN : Number(text);
  return Number.isSafeInteger(number) ? number : otherwise;
}
