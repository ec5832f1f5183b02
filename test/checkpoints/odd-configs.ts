import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "../../src/checkpoints/architecture.ts";
import { projectRoot } from "../helpers/shared.ts";
import { TINY, writeTinyModel } from "./tiny-checkpoint.ts";

/** A tiny model with an odd config.json, and what transformers 5.18 (PyTorch 2.13, float32) generates with it, greedily. */
export interface OddConfig {
  readonly name: string;
  readonly architecture: Architecture;
  /** Beside what the tiny model has; `null` stays, what is not to be there is in `without`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly without?: readonly string[];
  /** Whether there is a head although the config ties it. */
  readonly head?: boolean;
  /** Ids after the prompt's. */
  readonly tokens: readonly number[];
}

/** Rows of the embedding: the pocket tokenizer's tokens. */
const ODD_ROWS = 512;

const file: { readonly prompt: readonly number[]; readonly cases: readonly OddConfig[] } = JSON.parse(
  readFileSync(join(projectRoot, "test/fixtures/odd-configs/cases.json"), "utf8"),
);

/** Token ids of the prompt, longer than the windows and the original contexts of the configs. */
export const ODD_PROMPT = file.prompt;
export const ODD_CONFIGS = file.cases;

/** Writes config.json and weights; the tokenizer is the caller's. */
export async function writeOddModel(folder: string, odd: OddConfig): Promise<void> {
  const { architecture, config, without = [], head = false } = odd;
  const removed = Object.fromEntries(without.map((name) => [name, undefined]));
  const layers = typeof config.num_hidden_layers === "number" ? config.num_hidden_layers : TINY.layers;
  const biases = (parts: readonly string[]): string[] =>
    Array.from({ length: layers }, (_, layer) => parts.map((part) => `model.layers.${layer}.${part}.bias`)).flat();
  await writeTinyModel(
    folder,
    architecture,
    ODD_ROWS,
    { ...config, ...removed },
    {
      sharp: true,
      otherTensors: [
        ...(config.attention_bias === true ? biases(["q", "k", "v", "o"].map((part) => `self_attn.${part}_proj`)) : []),
        ...(config.mlp_bias === true ? biases(["gate", "up", "down"].map((part) => `mlp.${part}_proj`)) : []),
        ...(head ? ["lm_head.weight"] : []),
      ],
    },
  );
}
