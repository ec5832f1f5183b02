import { parseRows } from "../../../src/benchmarks/read-rows.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { seedFiles, seedsOf } from "../seeds.ts";

const CSV =
  'question,answer,level\r\n"What is 1 + 1?",2,easy\r\n"A ""quoted"" one,\nof two lines",\\frac{1}{2},"hard"\r\n,,\r\n';
const JSONL =
  '{"question": "1 + 1?", "answer": "2", "level": {"a": [1, 2.5, null, true]}}\n{"question": "\\u00e9", "answer": 3e2}\n';

/** Data files of benchmarks in text. */
export const csv: FuzzTarget = {
  name: "csv",
  inputs: 1500,
  seeds: () => Promise.resolve(seedsOf([CSV])),
  read: (input) => parseRows(input, "data.csv"),
};

export const jsonl: FuzzTarget = {
  name: "jsonl",
  inputs: 1500,
  seeds: () => Promise.resolve(seedsOf([JSONL])),
  read: (input) => parseRows(input, "data.jsonl"),
};

/** Each file is decoded in a thread of its own: fewer of them. */
export const parquet: FuzzTarget = {
  name: "parquet",
  inputs: 150,
  seeds: () => seedFiles("test/fixtures/benchmarks/sums.parquet"),
  read: (input) => parseRows(input, "data.parquet"),
};
