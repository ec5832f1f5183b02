import { Environment, Interpreter, Template } from "@huggingface/jinja";
import { strftime } from "./strftime.ts";

/** What a template sees: texts, lists and objects of JSON. */
export type TemplateValues = Readonly<Record<string, unknown>>;

/** As many as Python's sandbox for templates lets a range have. */
const MAX_RANGE = 100_000;
/** A prompt of more characters fits no context. */
const MAX_CHARACTERS = 16_000_000;
/** Templates that are kept as they were parsed: those of the models of a sweep. */
const MAX_PARSED = 16;

const parsed = new Map<string, Template>();

/**
 * Renders a template. Untrusted: it may never end, or take all memory.
 * @param date as 2026-11-30, for templates that ask for it; today if left out
 * @throws Error if it is no Jinja, or refuses the values
 */
export function renderTemplate(source: string, values: TemplateValues, date: string | undefined): string {
  const variables = new Environment(globals(date === undefined ? new Date() : new Date(`${date}T00:00:00`)));
  for (const [name, value] of Object.entries(values)) variables.set(name, value);
  const text = String(new Interpreter(variables).run(parse(source).parsed).value);
  if (text.length <= MAX_CHARACTERS) return text;
  throw new Error(`it makes ${text.length} characters, more than ${MAX_CHARACTERS}`);
}

/** What every template sees, but with bounds, and a date that is given. */
function globals(now: Date): Environment {
  const environment = new Environment();
  const known = {
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    range,
    strftime_now: (format: string) => strftime(now, format),
    raise_exception: (message: string) => {
      throw new Error(message);
    },
  };
  for (const [name, value] of Object.entries(known)) environment.set(name, value);
  return environment;
}

function parse(source: string): Template {
  const known = parsed.get(source);
  if (known !== undefined) return known;
  const template = new Template(source);
  if (parsed.size >= MAX_PARSED) parsed.clear();
  parsed.set(source, template);
  return template;
}

function range(first: number, end?: number, step = 1): number[] {
  const [from, to] = end === undefined ? [0, first] : [first, end];
  if (step === 0) throw new Error("range: the step must not be 0");
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (length > MAX_RANGE) throw new Error(`range: ${length} numbers are more than ${MAX_RANGE}`);
  return Array.from({ length }, (_, i) => from + i * step);
}
