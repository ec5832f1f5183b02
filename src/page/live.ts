import type { LiveNews, PageData, PageProgress } from "../report/page/page-data.ts";
import { fill, h } from "./dom.ts";

/** In the place of the version of data that may be any: what comes next is loaded. */
const NOT_KNOWN = -1;

/**
 * Follows a run that goes on: shows how far it is, and shows the page anew when there is more. The browser asks again by
 * itself where the connection is lost.
 *
 * @param shown the version of the data that the page shows
 */
export function followRun(place: Element, shown: number, show: (data: PageData) => void): void {
  let version = shown;
  const events = new EventSource("events");
  events.addEventListener("message", (message) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- from the server that this page came from
    const news = JSON.parse(String(message.data)) as LiveNews;
    showProgress(place, news.progress);
    if (news.version === version) return;
    version = news.version;
    void load().then((data) => {
      // What was told meanwhile is loaded by itself.
      if (news.version !== version) return;
      if (data === null) version = NOT_KNOWN;
      else show(data);
    });
  });
  events.addEventListener("error", () => {
    // Another server counts its versions anew.
    version = NOT_KNOWN;
    fill(place, h("p", { role: "status" }, "Connection lost; retrying."));
  });
}

/** Null where the connection is lost, or there is no such page now. */
async function load(): Promise<PageData | null> {
  try {
    const response = await fetch("page.json");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- from the server that this page came from
    return response.ok ? ((await response.json()) as PageData) : null;
  } catch {
    return null;
  }
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
