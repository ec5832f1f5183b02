import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/opt/google/chrome/chrome",
];

/** A browser of this machine: CHROMIUM_PATH, or where Debian and others put it; undefined where there is none. */
const browserPath = [process.env.CHROMIUM_PATH ?? "", ...PLACES].find((path) => path !== "" && existsSync(path));

/** `.ci/run` says that there is a browser; elsewhere its tests are skipped, and counted, where there is none. */
export const withoutBrowser = browserPath === undefined && process.env.MERGESWEEP_BROWSER !== "required";

/** Milliseconds that anything in a page may take: generous, as machines may be busy. */
const PATIENCE = 30_000;

/** Starts it. In a container there is no sandbox to be had as root. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: browserPath ?? "", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

export async function newPage(browser: Browser | undefined, options: BrowserContextOptions = {}): Promise<Page> {
  if (browser === undefined) throw new Error("Expected a browser, found none");
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, ...options });
  page.setDefaultTimeout(PATIENCE);
  return page;
}
