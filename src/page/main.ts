import type { PageData } from "../report/page/page-data.ts";
import { chartSection } from "./charts.ts";
import { fill, h } from "./dom.ts";
import { followRun } from "./live.ts";
import { pointPicker } from "./point-picker.ts";
import { pointsTable } from "./points-table.ts";
import { questionSection } from "./questions.ts";
import { claimSections, decisionSection, footer, protocolSection } from "./sections.ts";
import { createStore } from "./store.ts";
import type { View } from "./view.ts";

/** What is looked at first: the point of the decision beside the first one. */
function startOf({ points, decisions, benchmarks }: PageData): View {
  const first = points[0]?.name ?? "";
  const point = decisions[0]?.point ?? points.at(-1)?.name ?? first;
  return {
    point,
    other: point === first ? (points.at(1)?.name ?? first) : first,
    benchmark: benchmarks[0]?.name ?? "",
    filter: "all",
    labels: {},
    text: "",
    question: "",
    attempt: 0,
    mode: "changes",
    sort: 0,
  };
}

/** Puts right what an address may ask for and the report does not have. */
function validIn({ points, benchmarks, table }: PageData, start: View): (view: View) => View {
  const names = new Set(points.map(({ name }) => name));
  return (view) => {
    const benchmark = benchmarks.find(({ name }) => name === view.benchmark) ?? benchmarks[0];
    const attempts = benchmark?.attempts ?? 1;
    return {
      ...view,
      point: names.has(view.point) ? view.point : start.point,
      other: names.has(view.other) ? view.other : start.other,
      benchmark: benchmark?.name ?? "",
      attempt: view.attempt >= 0 && view.attempt < attempts ? view.attempt : 0,
      sort: Math.abs(view.sort) <= table.header.length ? view.sort : 0,
    };
  };
}

/** Takes the listeners of what was shown before away. */
let shown = new AbortController();

function show(data: PageData): void {
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  const start = startOf(data);
  const store = createStore(start, validIn(data, start), signal);
  fill(
    content,
    h("header", {}, h("h1", {}, data.sweep)),
    h(
      "main",
      {},
      decisionSection(data),
      data.points.length === 0 ? null : pointPicker(data, store, signal),
      data.pictures.length === 0 ? null : chartSection(data, store, signal),
      data.table.rows.length === 0 ? null : pointsTable(data, store),
      questionSection(data, store),
      claimSections(data),
      protocolSection(data),
    ),
    footer(data),
  );
}

const content = h("div");
const progress = h("div");
fill(document.getElementById("page") ?? document.body, progress, content);
const embedded = document.getElementById("data")?.textContent ?? "";
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the report that this page belongs to
const data = JSON.parse(embedded) as PageData;
show(data);
if (data.live !== null) followRun(progress, data.live.version, show);
