import type { PageData, PageProgress } from "../report/page/page-data.ts";
import { fill, h } from "./dom.ts";

/** What the server says: see LiveNews. */
interface News {
  readonly version: number;
  readonly progress: PageProgress;
}

/**
 * Follows a run that goes on: shows how far it is, and shows the page anew when there is more. The browser asks again by
 * itself where the connection is lost.
 */
export function followRun(place: Element, show: (data: PageData) => void): void {
  let version = -1;
  const events = new EventSource("events");
  events.addEventListener("message", (message) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- from the server that this page came from
    const news = JSON.parse(String(message.data)) as News;
    showProgress(place, news.progress);
    const first = version < 0;
    if (news.version === version) return;
    version = news.version;
    if (!first) void load(show);
  });
  events.addEventListener("error", () => {
    // Another server counts its versions anew.
    if (version >= 0) version = 0;
    fill(place, h("p", { role: "status" }, "No connection; trying again."));
  });
}

async function load(show: (data: PageData) => void): Promise<void> {
  const response = await fetch("page.json");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- from the server that this page came from
  if (response.ok) show((await response.json()) as PageData);
}

function showProgress(place: Element, { done, total, secondsLeft }: PageProgress): void {
  const left = secondsLeft === null ? "" : `, about ${duration(secondsLeft)} left`;
  const text = done >= total ? `All ${total} completions are there` : `${done} of ${total} completions${left}`;
  fill(
    place,
    h("p", { role: "status" }, text),
    h("progress", { value: done, max: Math.max(1, total), "aria-label": "Completions" }),
  );
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
