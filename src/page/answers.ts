import { withHiddenNamed } from "../base/visible.ts";
import type { PageBenchmark, PageData } from "../report/page/page-data.ts";
import { fill, h } from "./dom.ts";
import { mathText } from "./math-text.ts";
import { type Attempt, type Scores, type ShownTexts, textsOf } from "./scores.ts";
import type { Store } from "./store.ts";
import { verdictOf } from "./verdict.ts";
import type { AnswerMode } from "./view.ts";
import { type Piece, wordChanges } from "./word-diff.ts";

/** Where the answers of a question come from, and what stands before and after it. */
export interface AnswerContext {
  readonly benchmark: PageBenchmark;
  readonly scores: Scores;
  readonly store: Store;
  readonly questions: readonly number[];
}

const MODES: readonly (readonly [AnswerMode, string])[] = [
  ["changes", "changes"],
  ["rendered", "rendered"],
  ["source", "source"],
];

/** A question, how all points answered it, and the answers at two of them side by side. */
export function answersOf(data: PageData, context: AnswerContext, q: number): Node[] {
  const { benchmark, scores, store } = context;
  const view = store.view();
  const question = benchmark.questions[q];
  if (question === undefined) return [];
  const at = (point: string): ShownTexts | null =>
    textsOf(data, { benchmark: benchmark.name, question: question.id, attempt: view.attempt, point });
  const [before, after] = [at(view.other), at(view.point)];
  const changes =
    view.mode === "changes" && before !== null && after !== null ? wordChanges(before.text, after.text) : null;
  const side = (
    point: string,
    texts: ShownTexts | null,
    pieces: readonly Piece[] | undefined,
    mark: "del" | "ins",
  ): Node =>
    h(
      "div",
      { class: "side" },
      h("h4", {}, point),
      verdictList(scores.attempt(point, q, view.attempt), texts),
      answerText(texts, view.mode, pieces, mark),
    );
  return [
    h(
      "header",
      {},
      h("h3", { id: "question" }, question.id),
      h(
        "p",
        { class: "labels" },
        Object.entries(question.labels)
          .map(([name, value]) => `${name}: ${value}`)
          .join(", "),
      ),
      steps(context, q),
    ),
    ...problemOf(data, q, benchmark),
    pointStrip(data, context, q),
    modeChoice(store),
    view.mode === "changes" && before !== null && after !== null && changes === null
      ? h("p", { class: "note" }, "These answers differ too much to mark the changes.")
      : h("span"),
    h(
      "div",
      { class: "sides" },
      side(view.other, before, changes?.before, "del"),
      side(view.point, after, changes?.after, "ins"),
    ),
  ];
}

function problemOf({ texts }: PageData, q: number, { questions }: PageBenchmark): Node[] {
  const question = questions[q];
  const problem = texts.strings[question?.problem ?? -1];
  if (question === undefined || problem === undefined) return [];
  const golds = question.golds.map((gold) => texts.strings[gold] ?? "");
  return [
    h(
      "div",
      { class: "problem", dir: "auto", tabindex: 0, role: "group", "aria-label": "Question" },
      ...mathText(problem),
    ),
    h(
      "p",
      { class: "gold" },
      `Right: `,
      ...golds.flatMap((gold, i) => [i > 0 ? " or " : "", h("code", {}, withHiddenNamed(gold))]),
    ),
    sourceOf(problem),
  ];
}

/** The source of a text, a click away. */
function sourceOf(text: string): Node {
  return h("details", {}, h("summary", {}, "Source of the question"), h("pre", { dir: "auto" }, withHiddenNamed(text)));
}

/** To the question before and after, of those that the filters leave. */
function steps({ questions, benchmark, store }: AnswerContext, q: number): Node {
  const at = questions.indexOf(q);
  const to = (place: number, label: string): Node => {
    const id = at < 0 ? undefined : benchmark.questions[questions[place] ?? -1]?.id;
    return h(
      "button",
      {
        type: "button",
        "data-key": label,
        disabled: id === undefined,
        click: () => id !== undefined && store.change({ question: id }),
      },
      label,
    );
  };
  return h("span", { class: "steps" }, to(at - 1, "Previous"), to(at + 1, "Next"));
}

/** How each point answered: where along w an answer flips. */
function pointStrip({ points }: PageData, { scores, store }: AnswerContext, q: number): Node {
  const view = store.view();
  return h(
    "div",
    { class: "strip", role: "group", "aria-label": "How each point answered" },
    ...points.map(({ name }) => {
      const attempt = scores.attempt(name, q, view.attempt);
      const { sign, word } = verdictOf(attempt);
      return h(
        "button",
        {
          type: "button",
          "data-key": `point ${name}`,
          class: attempt?.outcome === "correct" ? "right" : "not-right",
          "aria-pressed": name === view.point ? "true" : "false",
          "aria-label": `${name}: ${word}`,
          click: () => store.change({ point: name }),
        },
        h("span", {}, sign),
        h("small", {}, name),
      );
    }),
  );
}

function modeChoice(store: Store): Node {
  return h(
    "fieldset",
    { class: "modes" },
    h("legend", {}, "Answers as"),
    ...MODES.map(([mode, label]) =>
      h(
        "label",
        {},
        h("input", {
          type: "radio",
          name: "mode",
          "data-key": `mode ${mode}`,
          value: mode,
          checked: store.view().mode === mode,
          change: () => store.change({ mode }),
        }),
        label,
      ),
    ),
  );
}

function yes(value: boolean | null | undefined): string {
  return value === true ? "yes" : value === false ? "no" : "not known";
}

/** What was found of an answer and why it counts or not. */
function verdictList(attempt: Attempt | null, texts: ShownTexts | null): Node {
  const { sign, word } = verdictOf(attempt);
  const facts: (readonly [string, string])[] = [
    ["verdict", `${sign} ${word}`],
    ["boxed and right", yes(attempt?.strict)],
    ["format", yes(attempt?.format)],
    ["tokens", attempt?.tokens === null || attempt === null ? "-" : String(attempt.tokens)],
    ...(texts === null
      ? []
      : ([
          ["ended by", texts.finish],
          ["answer", texts.answer === null ? "none found" : withHiddenNamed(texts.answer)],
          ["found by", texts.path],
          ["decided by", texts.rule === "none" ? "no rule makes them the same" : texts.rule],
          ...(texts.forms === null
            ? []
            : ([
                ["compared", `${withHiddenNamed(texts.forms[0])} (right) with ${withHiddenNamed(texts.forms[1])}`],
              ] as const)),
        ] as const)),
  ];
  return h(
    "dl",
    { class: "verdict" },
    ...facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

function answerText(
  texts: ShownTexts | null,
  mode: AnswerMode,
  pieces: readonly Piece[] | undefined,
  mark: "del" | "ins",
): Node {
  if (texts === null) return h("p", { class: "note" }, "The text of this answer is not in this page.");
  const place = h("div", {
    class: mode === "rendered" ? "answer rendered" : "answer",
    dir: "auto",
    tabindex: 0,
    role: "group",
    "aria-label": mark === "del" ? "Answer of the point compared with" : "Answer of the point",
  });
  if (mode === "rendered") fill(place, ...mathText(texts.text));
  else if (pieces === undefined) fill(place, withHiddenNamed(texts.text));
  else {
    fill(
      place,
      ...pieces.map(({ text, changed }) => (changed ? h(mark, {}, withHiddenNamed(text)) : withHiddenNamed(text))),
    );
  }
  return place;
}
