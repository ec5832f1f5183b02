import {
  Chart,
  Legend,
  LinearScale,
  LineElement,
  PointElement,
  ScatterController,
  SubTitle,
  Title,
  Tooltip,
} from "chart.js";
import type { PageData, PagePicture } from "../report/page/page-data.ts";
import { configurationOf } from "../report/pictures/chart-configuration.ts";
import { THEMES } from "../report/pictures/themes.ts";
import { fill, h } from "./dom.ts";
import type { Store } from "./store.ts";

Chart.register(Legend, LinearScale, LineElement, PointElement, ScatterController, SubTitle, Title, Tooltip);

/** The charts of the chosen benchmark and those of all, live: the slider's point is marked, a click on a point moves it. */
export function chartSection({ pictures }: PageData, store: Store, signal: AbortSignal): HTMLElement {
  const place = h("div", { class: "charts" });
  let charts: Chart[] = [];
  let shown = "";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const draw = (benchmark: string, print = false): void => {
    for (const chart of charts) chart.destroy();
    const own = pictures.filter(({ picture }) => picture.benchmark === undefined || picture.benchmark === benchmark);
    const theme = THEMES[dark.matches && !print ? "dark" : "light"];
    charts = [];
    fill(
      place,
      ...own.map((one) => {
        const canvas = h("canvas", { role: "img", "aria-label": one.alternative });
        const frame = h("div", { class: tallness(one) }, canvas);
        queueMicrotask(() => {
          const configuration = configurationOf(one.picture, {
            theme,
            ratio: 1,
            live: true,
            cursor: () => store.view().point,
          });
          charts.push(
            new Chart(canvas, {
              ...configuration,
              options: {
                ...configuration.options,
                onClick: (_, elements) => {
                  const [element] = elements;
                  const mark = element && one.picture.series[element.datasetIndex]?.marks[element.index];
                  if (mark?.point !== undefined) store.change({ point: mark.point });
                },
              },
            }),
          );
        });
        return h("figure", {}, frame, caption(one));
      }),
    );
  };
  store.follow(({ benchmark }) => {
    if (benchmark !== shown) draw(benchmark);
    else for (const chart of charts) chart.draw();
    shown = benchmark;
  });
  dark.addEventListener("change", () => draw(shown), { signal });
  addEventListener("beforeprint", () => dark.matches && draw(shown, true), { signal });
  addEventListener("afterprint", () => dark.matches && draw(shown), { signal });
  signal.addEventListener("abort", () => {
    for (const chart of charts) chart.destroy();
  });
  return h("section", { "aria-labelledby": "charts" }, h("h2", { id: "charts" }, "Charts"), place);
}

function tallness({ picture: { tall = 1 } }: PagePicture): string {
  return tall > 1.2 ? "chart tall" : tall < 0.8 ? "chart low" : "chart";
}

function caption({ figures, picture }: PagePicture): HTMLElement | null {
  if (figures === null) return null;
  return h("figcaption", {}, h("a", { href: figures, "aria-label": `Figures of ${picture.title} as CSV` }, "figures"));
}
