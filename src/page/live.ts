import type { LiveNews, PageData, PageProgress } from "../report/page/page-data.ts";
import { fill, h } from "./dom.ts";

/** In the place of the version of data that may be any: what comes next is loaded. */
const NOT_KNOWN = -1;
/** Milliseconds until data that could not be loaded are asked for again. */
const RETRY = 1000;

/**
 * Follows a run that goes on: shows how far it is, and shows the page anew when there is more. The browser asks again by
 * itself where the connection is lost.
 *
 * @param shown the version of the data that the page shows
 */
export function followRun(place: Element, shown: number, show: (data: PageData) => void): void {
  // What is shown, or on its way.
  let version = shown;
  const events = new EventSource("events");
  events.addEventListener("message", (message) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- from the server that this page came from
    const news = JSON.parse(String(message.data)) as LiveNews;
    showProgress(place, news.progress);
    if (news.version !== version) catchUp(news.version);
  });
  events.addEventListener("error", () => {
    // Another server counts its versions anew.
    version = NOT_KNOWN;
    fill(place, h("p", { role: "status" }, "Connection lost; retrying."));
  });

  /** Loads until it succeeds: the news that this version is there may have been the last of the run. */
  function catchUp(wanted: number): void {
    version = wanted;
    void load().then((data) => {
      // Newer news has taken over, or the connection was lost.
      if (version !== wanted) return;
      if (data !== null) return show(data);
      setTimeout(() => {
        if (version === wanted) catchUp(wanted);
      }, RETRY);
    });
  }
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
