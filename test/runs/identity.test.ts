import { describe, expect, it } from "vitest";
import { benchmarkIdentity, type IdentityParts, identityOf } from "../../src/runs/identity.ts";
import type { PlannedBenchmark } from "../../src/runs/schema.ts";

const parts: Required<IdentityParts> = {
  weights: "w",
  config: "c",
  tokenizer: "t",
  gguf_type: "bf16",
  sampling: { temperature: 0, maxTokens: 8 },
  seed: 0,
  runtime: "r",
  server: { kind: "openai-server" },
  merge_method: "mine@1",
  date: "2026-01-31",
  context_size: 512,
};

const changes: readonly Partial<IdentityParts>[] = [
  { weights: "x" },
  { config: "x" },
  { tokenizer: "x" },
  { gguf_type: "f32" },
  { sampling: { temperature: 0.8, maxTokens: 8 } },
  { sampling: { temperature: 0, maxTokens: 9 } },
  { seed: 1 },
  { runtime: "x" },
  { server: { kind: "openai-server", model: "m" } },
  { merge_method: "mine@2" },
  { date: "2026-02-01" },
  { context_size: 1024 },
];

describe("the identity of completions", () => {
  it("is changed by each of its parts", () => {
    expect(new Set(changes.flatMap((change) => Object.keys(change)))).toEqual(new Set(Object.keys(parts)));
    const all = [parts, ...changes.map((change) => ({ ...parts, ...change }))].map(identityOf);
    expect(new Set(all).size).toBe(all.length);
  });

  it("is changed by nothing else: not by the order of keys, nor by what is not set", () => {
    const { date: _date, server: _server, ...rest } = parts;
    expect(identityOf({ ...rest, date: undefined, server: undefined })).toBe(identityOf(rest));
    const reversed: IdentityParts = Object.assign(
      {},
      ...Object.entries(parts)
        .toReversed()
        .map(([key, value]) => ({ [key]: value })),
    );
    expect(identityOf(reversed)).toBe(identityOf(parts));
  });

  it("of what is asked is the problems' and the prompt's, not how many are asked or how often", () => {
    const asked: PlannedBenchmark = {
      name: "b",
      version: 1,
      samples: 10,
      attempts: 1,
      data_sha256: "0".repeat(64),
      prompt: "plain@1",
    };
    const own = benchmarkIdentity(asked);
    expect(benchmarkIdentity({ ...asked, samples: 5, attempts: 4, ids: ["1"] })).toBe(own);
    const others: PlannedBenchmark[] = [
      { ...asked, name: "c" },
      { ...asked, version: 2 },
      { ...asked, data_sha256: "1".repeat(64) },
      { ...asked, prompt: "plain@2" },
    ];
    expect(new Set([own, ...others.map(benchmarkIdentity)]).size).toBe(5);
  });
});
