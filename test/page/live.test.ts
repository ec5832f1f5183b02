import type { Browser, Page, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LivePage } from "../../src/report/live/live-page.ts";
import { serveReport } from "../../src/report/live/serve-report.ts";
import { newPage, startBrowser, withoutBrowser } from "../helpers/browser.ts";
import { answeredRun } from "../helpers/runs/answered-run.ts";

/** A run of which a point is finished at every growth. */
function growing(): { live: LivePage; grow: () => Promise<void> } {
  const run = answeredRun();
  let points = 1;
  const live = new LivePage({
    signature: () => Promise.resolve(String(points)),
    read: () => Promise.resolve({ ...run, evaluated: run.evaluated.slice(0, points) }),
    progress: () => Promise.resolve({ done: 12 * points, total: 36, secondsLeft: 30 }),
  });
  const grow = async (): Promise<void> => {
    points++;
    await live.look();
  };
  return { live, grow };
}

describe.skipIf(withoutBrowser)("the page of a run that goes on", { timeout: 120_000 }, () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await startBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  const complaints: string[] = [];
  afterEach(() => {
    const own = complaints.splice(0);
    if (own.length > 0) throw new Error(`Expected no errors in the page, found ${own.join("\n")}`);
  });

  async function open(): Promise<Page> {
    const page = await newPage(browser);
    page.on("pageerror", (error) => complaints.push(error.message));
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
    const page = await open();
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
  });

  it.each([
    ["between the page and its first news", (route: Route) => route.continue()],
    ["while the connection is lost before any news", (route: Route) => route.abort()],
  ])("is not left behind by a version that comes %s", async (_when, answer) => {
    const { live, grow } = growing();
    await live.look();
    const server = await serveReport({ live }, 0);
    const page = await open();
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

  it.each([
    ["the connection broke", (route: Route) => route.abort()],
    ["the server failed", (route: Route) => route.fulfill({ status: 500 })],
  ])("is loaded again where %s, though no more news comes", async (_why, fail) => {
    const { live, grow } = growing();
    await live.look();
    const server = await serveReport({ live }, 0);
    const page = await open();
    await page.goto(server.url);
    await page.getByText("12 of 36 completions").waitFor();
    let asked = 0;
    await page.route("**/page.json", (route) => (asked++ < 2 ? fail(route) : route.continue()));
    await grow();
    await page.locator("tbody tr").nth(1).waitFor();
    expect(asked).toBe(3);
    await server.close();
  });
});
