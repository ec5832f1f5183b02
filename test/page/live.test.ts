import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LivePage } from "../../src/report/live/live-page.ts";
import { serveReport } from "../../src/report/live/serve-report.ts";
import { answeredRun } from "../helpers/answered-run.ts";
import { browserPath, startBrowser } from "../helpers/browser.ts";

const required = process.env.MERGESWEEP_BROWSER === "required";

/** A run of which a point is finished at every growth. */
function growing(): { live: LivePage; grow: (how?: { progressOnly: boolean }) => Promise<void> } {
  const run = answeredRun();
  let [points, seconds] = [1, 30];
  const live = new LivePage({
    signature: () => Promise.resolve(String(points)),
    read: () => Promise.resolve({ ...run, evaluated: run.evaluated.slice(0, points) }),
    progress: () => Promise.resolve({ done: 12 * points, total: 36, secondsLeft: seconds }),
  });
  const grow = async ({ progressOnly } = { progressOnly: false }): Promise<void> => {
    if (progressOnly) seconds--;
    else points++;
    await live.look();
  };
  return { live, grow };
}

describe.skipIf(browserPath === undefined && !required)("the page of a run that goes on", { timeout: 60_000 }, () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await startBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  async function newPage(): Promise<Page> {
    const page = await browser?.newPage();
    if (page === undefined) throw new Error("Expected a browser, found none");
    page.setDefaultTimeout(15_000);
    return page;
  }

  it("fills as answers come, keeps what is looked at, and finds a server that was started anew", async () => {
    const run = answeredRun();
    let points = 1;
    const start = (): LivePage =>
      new LivePage({
        signature: () => Promise.resolve(String(points)),
        read: () => Promise.resolve({ ...run, evaluated: run.evaluated.slice(0, points) }),
        progress: () => Promise.resolve({ done: 12 * points, total: 36, secondsLeft: points < 3 ? 30 : null }),
      });
    const live = start();
    await live.look();
    const server = await serveReport({ live }, 0);
    const page = await newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`${server.url}#filter=cut-off&text=sum`);
    await page.getByText("12 of 36 completions, about 30 s left").waitFor();
    expect(await page.locator("tbody tr").count()).toBe(1);
    await page.getByRole("searchbox").focus();
    points = 2;
    await live.look();
    await page.getByText("24 of 36 completions").waitFor();
    await page.locator("tbody tr").nth(1).waitFor();
    expect(new URL(page.url()).hash).toBe("#filter=cut-off&text=sum");
    expect(await page.getByRole("searchbox").inputValue()).toBe("sum");
    expect(await page.evaluate("document.activeElement.id")).toBe("search");
    await server.close();
    await page.getByText("Connection lost; retrying.").waitFor();
    points = 3;
    const again = start();
    await again.look();
    await again.look();
    const second = await serveReport({ live: again }, Number(new URL(server.url).port));
    await page.getByText("All 36 completions are there").waitFor();
    await page.locator("tbody tr").nth(2).waitFor();
    await second.close();
    expect(complaints).toEqual([]);
  });

  it.each([
    ["between the page and its first news", (route: Route) => route.continue()],
    ["while the connection is lost before any news", (route: Route) => route.abort()],
  ])("is not left behind by a version that comes %s", async (_when, answer) => {
    const { live, grow } = growing();
    await live.look();
    const server = await serveReport({ live }, 0);
    const page = await newPage();
    let asked = 0;
    await page.route("**/events", async (route) => {
      if (asked++ > 0) return route.continue();
      await grow();
      return answer(route);
    });
    await page.goto(server.url);
    await page.getByText("24 of 36 completions").waitFor();
    await page.locator("tbody tr").nth(1).waitFor();
    expect(asked).toBeGreaterThan(0);
    await server.close();
  });

  it("is loaded again after it could not be loaded", async () => {
    const { live, grow } = growing();
    await live.look();
    const server = await serveReport({ live }, 0);
    const page = await newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(server.url);
    await page.getByText("12 of 36 completions").waitFor();
    const failures = [(route: Route) => route.abort(), (route: Route) => route.fulfill({ status: 500 })];
    await page.route("**/page.json", (route) => (failures.shift() ?? ((next) => next.continue()))(route));
    await grow();
    await page.getByText("24 of 36 completions").waitFor();
    await expect.poll(() => failures.length).toBe(1);
    // Only how far it is changes: the version is the one that could not be loaded.
    await grow({ progressOnly: true });
    await expect.poll(() => failures.length).toBe(0);
    await grow({ progressOnly: true });
    await page.locator("tbody tr").nth(1).waitFor();
    expect(complaints).toEqual([]);
    await server.close();
  });
});
