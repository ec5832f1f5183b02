import { withHiddenNamed } from "../base/visible.ts";
import { beginning } from "../base/whole-characters.ts";
import type { PageBenchmark, PageData } from "../report/page/page-data.ts";
import { answersOf } from "./answers.ts";
import { choice, fill, h } from "./dom.ts";
import { FILTERS, type Found, findQuestions } from "./filters.ts";
import { type Scores, scoresOf, textsOf } from "./scores.ts";
import type { Store } from "./store.ts";
import { verdictOf } from "./verdict.ts";
import type { View } from "./view.ts";

/** Questions of a list that are shown before somebody asks for more. */
const PAGE = 40;

/** Questions to choose by filters, and the answers to the chosen one at two points side by side. */
export function questionSection(data: PageData, store: Store): HTMLElement | null {
  if (data.benchmarks.every(({ questions }) => questions.length === 0)) return null;
  const filters = h("div", { class: "filters" });
  const search = h("input", {
    type: "search",
    id: "search",
    "data-key": "search",
    input: () => store.change({ text: search.value, question: "" }),
  });
  const count = h("p", { class: "count", role: "status" });
  const list = h("ol", { class: "questions" });
  const more = h("button", { type: "button", click: () => show((shown += PAGE)) }, "Show more");
  const answers = h("article", { class: "answers", "aria-labelledby": "question" });
  let shown = PAGE;
  let found: Found = { questions: [], counts: new Map(), labels: new Map() };
  let key = "";
  const show = (most: number): void => {
    const view = store.view();
    const benchmark = benchmarkOf(data, view);
    if (benchmark === undefined) return;
    const scores = scoresOf(benchmark);
    fill(list, ...found.questions.slice(0, most).map((q) => questionItem(data, { benchmark, scores, store }, q)));
    more.hidden = found.questions.length <= most;
  };
  const section = h(
    "section",
    { "aria-labelledby": "questions" },
    h("h2", { id: "questions" }, "Questions and answers"),
    data.texts.leftOut === "" ? null : h("p", { class: "note" }, data.texts.leftOut),
    filters,
    h("p", { class: "choice" }, h("label", { for: "search" }, "Text"), search),
    count,
    h("div", { class: "browse" }, h("nav", { "aria-label": "Questions" }, list, more), answers),
  );
  store.follow((view) => {
    const benchmark = benchmarkOf(data, view);
    section.hidden = benchmark === undefined || benchmark.questions.length === 0;
    if (benchmark === undefined) return;
    const scores = scoresOf(benchmark);
    found = findQuestions(benchmark, scores, view, {
      points: data.points.map(({ name }) => name),
      textsOf: (q) => searchable(data, benchmark, view, q),
    });
    const { question: _question, mode: _mode, sort: _sort, ...chosen } = view;
    const now = JSON.stringify(chosen);
    if (now !== key) shown = PAGE;
    key = now;
    if (search.value !== view.text) search.value = view.text;
    fill(filters, ...filterChoices(benchmark, found, store));
    fill(count, `${found.questions.length} of ${benchmark.questions.length} questions`);
    show(shown);
    const open = benchmark.questions.findIndex(({ id }) => id === view.question);
    const q = open >= 0 ? open : (found.questions[0] ?? -1);
    if (q < 0) fill(answers, h("p", {}, "No question matches."));
    else fill(answers, ...answersOf(data, { benchmark, scores, store, questions: found.questions }, q));
  });
  return section;
}

function benchmarkOf({ benchmarks }: PageData, { benchmark }: View): PageBenchmark | undefined {
  return benchmarks.find(({ name }) => name === benchmark) ?? benchmarks[0];
}

function searchable(data: PageData, { name, questions }: PageBenchmark, view: View, q: number): string {
  const question = questions[q];
  if (question === undefined) return "";
  const { strings } = data.texts;
  const answers = [view.point, view.other].map(
    (point) => textsOf(data, { benchmark: name, question: question.id, attempt: view.attempt, point })?.text ?? "",
  );
  const parts = [question.id, strings[question.problem] ?? "", ...question.golds.map((gold) => strings[gold] ?? "")];
  return [...parts, ...answers].join("\n").toLowerCase();
}

function filterChoices(benchmark: PageBenchmark, found: Found, store: Store): HTMLElement[] {
  const view = store.view();
  const labelNames = [...new Set(benchmark.questions.flatMap(({ labels }) => Object.keys(labels)))];
  return [
    choice(
      "Show",
      FILTERS.map(({ id, label }) => [id, `${label(view.point, view.other)} (${found.counts.get(id) ?? 0})`]),
      view.filter,
      (value) => store.change({ filter: value, question: "" }),
    ),
    ...labelNames.map((name) => {
      const values = [...(found.labels.get(name) ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1));
      const own = view.labels[name] ?? "";
      const options: [string, string][] = values.map(([value, many]) => [value, `${value} (${many})`]);
      if (own !== "" && !values.some(([value]) => value === own)) options.push([own, `${own} (0)`]);
      return choice(name, [["", "any"], ...options], own, (value) =>
        store.change({ labels: { ...view.labels, [name]: value }, question: "" }),
      );
    }),
    ...(benchmark.attempts > 1
      ? [
          choice(
            "Attempt",
            Array.from({ length: benchmark.attempts }, (_, i) => [String(i), String(i + 1)]),
            String(view.attempt),
            (value) => store.change({ attempt: Number(value) }),
          ),
        ]
      : []),
  ];
}

function questionItem(
  { texts }: PageData,
  { benchmark, scores, store }: { benchmark: PageBenchmark; scores: Scores; store: Store },
  q: number,
): HTMLElement {
  const view = store.view();
  const question = benchmark.questions[q];
  const id = question?.id ?? "";
  const own = verdictOf(scores.attempt(view.point, q, view.attempt));
  const other = verdictOf(scores.attempt(view.other, q, view.attempt));
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        "data-key": id,
        "aria-current": id === view.question ? "true" : null,
        click: () => store.change({ question: id }),
      },
      h("span", { class: "signs", "aria-hidden": true }, `${other.sign}→${own.sign}`),
      h("span", { class: "unseen" }, `${other.word}, then ${own.word}: `),
      h("span", { class: "title" }, withHiddenNamed(beginning(texts.strings[question?.problem ?? -1] ?? id, 90))),
    ),
  );
}
