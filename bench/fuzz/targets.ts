import type { FuzzTarget } from "./fuzz-target.ts";
import { csv, jsonl, parquet } from "./targets/datasets.ts";
import { grader } from "./targets/grader.ts";
import { gguf, safetensors } from "./targets/headers.ts";
import { stored } from "./targets/stored.ts";
import { recipe, sweep } from "./targets/yaml.ts";

/** Every reader that `npm run bench fuzz` feeds. */
export const TARGETS: readonly FuzzTarget[] = [grader, recipe, sweep, csv, jsonl, parquet, safetensors, gguf, stored];
