import { setTimeout as sleep } from "node:timers/promises";
import { judge } from "../../findings/judge.ts";
import type { StoredRun } from "../../runs/stored-run.ts";
import { buildPageData } from "../page/build-page-data.ts";
import { readTexts, wantTexts } from "../page/choose-texts.ts";
import type { LiveNews, PageData, PageProgress } from "../page/page-data.ts";
import { chartSpecs, describePicture } from "../pictures/specs/chart-specs.ts";

/** A run that may still be going on. */
export interface LiveSource {
  /** Changes whenever there is more to read. */
  readonly signature: () => Promise<string>;
  readonly read: () => Promise<StoredRun>;
  readonly progress: () => Promise<PageProgress>;
}

/** Milliseconds between looks at the store. */
const INTERVAL = 1000;
/** A new version takes at most this part of the time: reports of large runs take a while. */
const BUSY = 0.25;

/** Keeps the data of a page up to date with a run. */
export class LivePage {
  readonly #source: LiveSource;
  readonly #listeners = new Set<(news: LiveNews) => void>();
  #version = 0;
  #signature = "";
  #data: PageData | undefined;
  #news: LiveNews | undefined;

  constructor(source: LiveSource) {
    this.#source = source;
  }

  /** What was said last. */
  get news(): LiveNews | undefined {
    return this.#news;
  }

  async data(): Promise<PageData> {
    if (this.#data !== undefined) return this.#data;
    const built = await this.#build(this.#version);
    // A look that was faster found at least as much.
    this.#data ??= built;
    return this.#data;
  }

  /** @returns ends the listening */
  listen(listener: (news: LiveNews) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks at the store until aborted. What cannot be read now may be there a moment later: a run begins, or is started anew. */
  async watch(signal: AbortSignal, onProblem: (error: unknown) => void): Promise<void> {
    while (!signal.aborted) {
      const began = performance.now();
      try {
        await this.look();
      } catch (error) {
        onProblem(error);
      }
      const took = performance.now() - began;
      await sleep(Math.max(INTERVAL, took / BUSY - took), undefined, { signal }).catch(() => {});
    }
  }

  /** Looks once; tells the listeners if there is something new. */
  async look(): Promise<void> {
    const signature = await this.#source.signature();
    if (signature !== this.#signature) {
      this.#data = await this.#build(this.#version + 1);
      this.#signature = signature;
      this.#version++;
    }
    const progress = await this.#source.progress();
    const news = { version: this.#version, progress };
    if (JSON.stringify(news) === JSON.stringify(this.#news)) return;
    this.#news = news;
    for (const listener of this.#listeners) listener(news);
  }

  async #build(version: number): Promise<PageData> {
    const run = await this.#source.read();
    const judgement = judge(run);
    const wanted = wantTexts(run);
    return buildPageData(run, judgement, {
      pictures: chartSpecs(run, judgement, "").pictures.map((picture) => ({
        picture,
        alternative: describePicture(picture),
        figures: null,
      })),
      failures: [],
      files: [],
      texts: { wanted, attempts: await readTexts(run, wanted) },
      live: { version, progress: await this.#source.progress() },
    });
  }
}
