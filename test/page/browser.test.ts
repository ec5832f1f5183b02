import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { source } from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { renderReport } from "../../src/report/render-report.ts";
import { newPage, startBrowser, withoutBrowser } from "../helpers/browser.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { answeredRun, HOSTILE, isRightAt } from "../helpers/runs/answered-run.ts";
import { POCKET_POINTS, syntheticRun } from "../report/synthetic-run.ts";

/** The first chart as it is drawn. */
const chart = (page: Page): Promise<string> => page.evaluate("document.querySelector('canvas').toDataURL()");
/** The answer of the point under the slider, with what is said of it. */
const after = (page: Page): Promise<string> => page.locator(".side").nth(1).innerText();

describe.skipIf(withoutBrowser)("the page in a browser", { timeout: 120_000 }, () => {
  let folder = "";
  let browser: Browser | undefined;
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = scratchFolder();
    await renderReport(answeredRun(), folder, { charts: false });
    browser = await startBrowser();
  }, 120_000);
  afterEach(() => {
    const own = complaints.splice(0);
    if (own.length > 0) throw new Error(`Expected no complaints and no requests, found ${own.join("\n")}`);
  });
  afterAll(async () => {
    await browser?.close();
  });

  async function open(hash = "", options: BrowserContextOptions = {}, report = folder): Promise<Page> {
    const page = await newPage(browser, options);
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!/^(file|data):/.test(request.url())) complaints.push(`request to ${request.url()}`);
    });
    await page.goto(`${pathToFileURL(join(report, "index.html")).href}${hash}`);
    await page.locator("h2").first().waitFor();
    return page;
  }

  it("moves through all charts, figures and answers with the slider, and puts the point into the address", async () => {
    const page = await open("#point=w%3D0&with=w%3D0.5&question=sums-002");
    const slider = page.getByRole("slider");
    const [chartBefore, answerBefore] = [await chart(page), await after(page)];
    expect(answerBefore).toContain("Slowly the sum of 1 and 1");
    await slider.focus();
    await page.keyboard.press("End");
    expect(await slider.getAttribute("aria-valuetext")).toBe("w=1");
    expect(new URL(page.url()).hash).toContain("point=w%3D1");
    expect(await after(page)).toContain("Now the sum of 1 and 1");
    expect(await page.locator(".figures dd").first().innerText()).toMatch(/^25\.0/);
    expect(await chart(page)).not.toBe(chartBefore);
    expect(await page.locator("tr[aria-current]").innerText()).toMatch(/^w=1/);
    await page.close();
  });

  it("plays from one expert to the other", async () => {
    const page = await open("#point=w%3D0&question=sums-002");
    await page.getByRole("button", { name: "Play: step through the points" }).click();
    await page.locator(".point-name", { hasText: "w=1" }).waitFor();
    expect(await after(page)).toContain("Now the sum");
    await page.getByRole("button", { name: "Play: step through the points" }).waitFor();
    await page.close();
  });

  it("finds what was lost, gained and cut off, with the counts beside the filters", async () => {
    const page = await open("#point=w%3D1&with=w%3D0");
    const questions = Array.from({ length: 12 }, (_, q) => q);
    const lost = questions.filter((q) => isRightAt(q, 0) && !isRightAt(q, 2));
    const filter = page.getByLabel("Show", { exact: true });
    expect(await filter.innerText()).toContain(`wrong at w=1, right at w=0 (${lost.length})`);
    await filter.selectOption("lost");
    expect(await page.locator(".count").innerText()).toBe(`${lost.length} of 12 questions`);
    expect(await page.locator(".questions li").count()).toBe(lost.length);
    const easy = lost.filter((q) => q < 6);
    await page.getByLabel("level").selectOption("easy");
    expect(await page.locator(".count").innerText()).toBe(`${easy.length} of 12 questions`);
    expect(await page.getByLabel("level").innerText()).toContain(`hard (${lost.length - easy.length})`);
    await page.getByLabel("level").selectOption("");
    await page.getByLabel("Show", { exact: true }).selectOption("cut-off");
    expect(await page.locator(".count").innerText()).toBe("1 of 12 questions");
    await page.close();
  });

  it("finds a text, and opens as it was left from its address alone", async () => {
    const page = await open();
    await page.getByLabel("Text").fill("sum of 4 and");
    expect(await page.locator(".count").innerText()).toBe("1 of 12 questions");
    await page.getByRole("radio", { name: "rendered" }).check();
    await page.getByRole("button", { name: /^accuracy %/ }).click();
    const again = await open(new URL(page.url()).hash);
    for (const one of [page, again]) {
      expect(await one.locator(".count").innerText()).toBe("1 of 12 questions");
      expect(await one.locator(".answers h3").innerText()).toBe("sums-005");
      expect(await one.getByRole("radio", { name: "rendered" }).isChecked()).toBe(true);
      expect(await one.locator("th[aria-sort=ascending]").innerText()).toMatch(/^accuracy %/);
    }
    expect(await again.locator(".answers").innerHTML()).toBe(await page.locator(".answers").innerHTML());
    await page.close();
    await again.close();
  });

  it("sorts the points by any column, and back", async () => {
    const page = await open();
    const points = (): Promise<string[]> => page.locator("tbody th").allInnerTexts();
    await page.getByRole("button", { name: /^tokens$|^tokens [▲▼]?$/ }).click();
    expect(await points()).toEqual(["w=1", "w=0.5", "w=0"]);
    await page
      .getByRole("button", { name: /^tokens/ })
      .first()
      .click();
    expect(await points()).toEqual(["w=0", "w=0.5", "w=1"]);
    await page.close();
  });

  it("marks the words that changed, and says why the grader decided so", async () => {
    const page = await open("#point=w%3D0.5&with=w%3D0&question=sums-002");
    expect(await page.locator("del").allInnerTexts()).toEqual(["Slowly", "2"]);
    expect(await page.locator("ins").allInnerTexts()).toEqual(["Soon", "1"]);
    expect(await after(page)).toMatch(/decided by\s+no rule makes them the same/);
    expect(await after(page)).toMatch(/compared\s+2 \(right\) with 1/);
    await page.close();
  });

  it("renders mathematics, with its source a click away", async () => {
    const page = await open("#question=sums-002&mode=rendered");
    expect(await page.locator(".problem math").count()).toBe(1);
    expect(await page.locator(".side math").count()).toBe(2);
    await page.getByText("Source of the question").click();
    expect(await page.locator("details[open] pre").innerText()).toBe("What is $1 + 1$?");
    await page.close();
  });

  it.each(["changes", "rendered", "source"])("shows hostile texts as text, as %s", async (mode) => {
    const expected = [
      "</script><script>window.hacked = 1</script><img src=x",
      "⟨U+202E⟩esrever⟨U+202C⟩ ⟨U+0000⟩⟨U+0007⟩⟨U+001B⟩[31m",
      "characters left out",
      mode === "rendered" ? "and $5" : "$$\\frac{1}{2}$$",
    ];
    expect(expected).toHaveLength(HOSTILE.length);
    for (const [i, text] of expected.entries()) {
      const page = await open(`#mode=${mode}&question=sums-0${String(9 + i).padStart(2, "0")}`);
      expect(await page.evaluate("window.hacked")).toBeUndefined();
      expect(await page.locator("#page script, #page img, #page a[href^=javascript]").count()).toBe(0);
      expect(await after(page)).toContain(text);
      expect((await after(page)).length).toBeLessThan(20_000);
      await page.close();
    }
  });

  it("can be used by keyboard alone", async () => {
    const page = await open("#point=w%3D0");
    const focused = (): Promise<string> =>
      page.evaluate<string>(
        "document.activeElement === document.body ? '' : document.activeElement.id || document.activeElement.textContent",
      );
    const tabTo = async (what: RegExp): Promise<void> => {
      for (let i = 0; i < 80; i++) {
        await page.keyboard.press("Tab");
        if (what.test(await focused())) return;
      }
      throw new Error(`Expected to reach ${what} with the tab key`);
    };
    await tabTo(/^slider$/);
    await page.keyboard.press("ArrowRight");
    expect(await page.locator(".point-name").innerText()).toBe("w=0.5");
    await tabTo(/^choose-show$/);
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe("choose-show");
    await page.keyboard.press("ArrowUp");
    await tabTo(/What is \$2 \+ 1\$/);
    await page.keyboard.press("Enter");
    expect(await page.locator(".answers h3").innerText()).toBe("sums-003");
    expect(await focused()).toMatch(/What is \$2 \+ 1\$/);
    await page.close();
  });

  it.each(["light", "dark"] as const)("has no fault that axe-core finds, in the %s theme", async (colorScheme) => {
    for (const width of [1200, 360]) {
      const page = await open("#question=sums-002", { colorScheme, bypassCSP: true, viewport: { width, height: 800 } });
      await page.evaluate(source);
      const found = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>("axe.run()");
      expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
      await page.close();
    }
  });

  it("fits a telephone of 360 pixels, and paper", async () => {
    const page = await open("#question=sums-002", { viewport: { width: 360, height: 700 } });
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(360);
    await page.emulateMedia({ media: "print", colorScheme: "dark", reducedMotion: "reduce" });
    expect(await page.locator(".filters").isVisible()).toBe(false);
    expect(await page.locator(".answers").isVisible()).toBe(true);
    expect((await page.pdf()).length).toBeGreaterThan(10_000);
    await page.close();
  });

  it("of a store without texts shows verdicts, and of one of whole runs neither; benchmarks are chosen", async () => {
    const run = syntheticRun({ samples: 4, benchmarks: ["sums", "words"], points: POCKET_POINTS.slice(0, 2) });
    const [sums, words] = run.manifest.benchmarks;
    if (sums === undefined || words === undefined) throw new Error("Expected two benchmarks");
    const bare = join(folder, "bare");
    const whole = { ...run, manifest: { ...run.manifest, benchmarks: [sums, { ...words, unit: "run" as const }] } };
    await renderReport(whole, bare, { charts: false });
    const page = await open("", {}, bare);
    expect(await after(page)).toContain("The text of this answer is not in this page.");
    expect(await page.locator(".questions li").count()).toBe(4);
    const charts = await page.locator("canvas").count();
    expect(await page.locator("canvas[aria-label*=words]").count()).toBe(0);
    await page.getByLabel("Benchmark", { exact: true }).selectOption("words");
    expect(await page.locator("canvas").count()).toBe(charts);
    expect(await page.getByRole("heading", { name: "Questions and answers" }).isVisible()).toBe(false);
    expect(await page.locator(".figures dd").first().innerText()).toBe("words");
    await page.close();
  });
});
