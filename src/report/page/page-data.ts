import type { Picture } from "../pictures/picture.ts";

/**
 * All that a page shows, as it is written into it. Everything that models or data sets say is a string here and stays text:
 * the page makes no markup of it.
 */
export interface PageData {
  readonly version: string;
  readonly sweep: string;
  readonly decisions: readonly PageDecision[];
  /** One line about what was run. */
  readonly run: string;
  readonly table: PageTable;
  readonly legend: string;
  readonly pictures: readonly PagePicture[];
  readonly points: readonly PagePoint[];
  readonly benchmarks: readonly PageBenchmark[];
  readonly claims: readonly PageClaims[];
  readonly protocol: readonly PageFact[];
  /** The recipe, as YAML. */
  readonly recipe: string;
  readonly texts: PageTexts;
  /** Pictures that could not be drawn, with the reason. */
  readonly failures: readonly string[];
  /** Files beside the page. */
  readonly files: readonly string[];
  /** While the run goes on: the version of these data. */
  readonly live: LiveNews | null;
}

/** A chart, what it shows in words, and its figures as a file beside the page. */
export interface PagePicture {
  readonly picture: Picture;
  readonly alternative: string;
  readonly figures: string | null;
}

interface PageDecision {
  readonly benchmark: string;
  readonly text: string;
  /** The chosen point, or the one to look at first. */
  readonly point: string | null;
}

export interface PageTable {
  readonly header: readonly string[];
  readonly nameColumns: number;
  /** Each cell as it is read, and what it is sorted by. */
  readonly rows: readonly {
    readonly point: string;
    readonly cells: readonly string[];
    readonly keys: readonly (number | string | null)[];
  }[];
}

interface PagePoint {
  readonly name: string;
  readonly kind: "point" | "reference";
  /** Null of results whose weights are not known. */
  readonly weights: string | null;
  readonly sameAs: string | null;
}

export interface PageFact {
  readonly name: string;
  readonly value: string;
}

export interface PageClaims {
  readonly heading: string;
  readonly claims: readonly {
    readonly text: string;
    /** What it rests on: `500 questions`; empty where a claim is about none. */
    readonly basis: string;
  }[];
}

/** A benchmark: its questions, and how every point answered each of them. */
export interface PageBenchmark {
  readonly name: string;
  /** Most attempts at a question. */
  readonly attempts: number;
  readonly questions: readonly PageQuestion[];
  /** By point: a letter an attempt, question by question (`score-codes.ts`), and the tokens, apart by spaces. */
  readonly scores: Readonly<Record<string, { readonly codes: string; readonly tokens: string }>>;
}

export interface PageQuestion {
  readonly id: string;
  /** Places in the strings of the page's texts; -1 where not known. */
  readonly problem: number;
  readonly golds: readonly number[];
  /** Such as level and subject. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Texts of completions: those of a sample where all would be too many. */
export interface PageTexts {
  readonly strings: readonly string[];
  /** By benchmark and question, by attempt, by point in the order of the page's points. */
  readonly shown: Readonly<Record<string, Readonly<Record<string, readonly (readonly (ShownAttempt | null)[])[]>>>>;
  /** What was left out by which rule; empty where nothing was. */
  readonly leftOut: string;
}

/** An attempt as numbers: places in the strings for texts, -1 for none. */
export type ShownAttempt = readonly [
  text: number,
  /** A place in FINISH_REASONS. */
  finish: number,
  answer: number,
  path: number,
  rule: number,
  goldForm: number,
  answerForm: number,
];

/** How far a run is, while it goes on. */
export interface PageProgress {
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number | null;
}

/** What is told to pages of a run that goes on: a new version of the data, or only how far the run is. */
export interface LiveNews {
  readonly version: number;
  readonly progress: PageProgress;
}
