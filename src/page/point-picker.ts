import type { PageData } from "../report/page/page-data.ts";
import { choice, fill, h } from "./dom.ts";
import type { Store } from "./store.ts";

/** Milliseconds that each point is shown for while the slider plays. */
const STEP = 1000;

/** The slider over the points, a button that plays it, and what the point under it scores. */
export function pointPicker(
  { points, benchmarks, table, sweep }: PageData,
  store: Store,
  signal: AbortSignal,
): HTMLElement {
  const swept = points.filter(({ kind }) => kind === "point").map(({ name }) => name);
  const names = points.map(({ name }): [string, string] => [name, name]);
  const slider = h("input", {
    type: "range",
    id: "slider",
    "data-key": "slider",
    min: 0,
    max: Math.max(0, swept.length - 1),
    step: 1,
    input: () => {
      stop();
      store.change({ point: swept[Number(slider.value)] ?? "" });
    },
  });
  let timer: ReturnType<typeof setInterval> | undefined;
  signal.addEventListener("abort", () => clearInterval(timer));
  const play = h("button", {
    type: "button",
    "data-key": "play",
    class: "play",
    click: () => (timer === undefined ? start() : stop()),
  });
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    say();
  };
  const start = (): void => {
    const at = swept.indexOf(store.view().point);
    if (at < 0 || at === swept.length - 1) store.change({ point: swept[0] ?? "" });
    timer = setInterval(() => {
      const next = swept.indexOf(store.view().point) + 1;
      if (next < swept.length) store.change({ point: swept[next] ?? "" });
      if (next >= swept.length - 1) stop();
    }, STEP);
    say();
  };
  const say = (): void => {
    fill(play, timer === undefined ? "▶ Play" : "❚❚ Stop");
    play.setAttribute("aria-label", timer === undefined ? "Play: step through the points" : "Stop playing");
  };
  say();
  const name = h("output", { for: "slider", class: "point-name" });
  const figures = h("dl", { class: "figures", "aria-live": "polite" });
  const selects = h("div", { class: "selects" });
  store.follow(({ point, other, benchmark }) => {
    const at = swept.indexOf(point);
    if (at >= 0) slider.value = String(at);
    slider.setAttribute("aria-valuetext", point);
    fill(name, point);
    const own = table.rows.filter((one) => one.point === point);
    const row = own.find(({ cells }) => table.nameColumns < 2 || cells[1] === benchmark) ?? own[0];
    fill(
      figures,
      ...table.header
        .slice(1)
        .map((header, i) => h("div", {}, h("dt", {}, header), h("dd", {}, row?.cells[i + 1] ?? "-"))),
    );
    fill(
      selects,
      choice("Point", names, point, (value) => store.change({ point: value })),
      choice("Compared with", names, other, (value) => store.change({ other: value })),
      benchmarks.length < 2
        ? null
        : choice(
            "Benchmark",
            benchmarks.map(({ name: one }) => [one, one]),
            benchmark,
            (value) => store.change({ benchmark: value, question: "", labels: {} }),
          ),
    );
  });
  return h(
    "section",
    { class: "picker", "aria-label": `Point of ${sweep}` },
    swept.length < 2 ? null : h("div", { class: "slide" }, play, h("label", { for: "slider" }, "Point"), slider, name),
    selects,
    figures,
  );
}
