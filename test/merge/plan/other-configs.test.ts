import { expect, test } from "vitest";
import { otherConfigs } from "../../../src/merge/plan/other-configs.ts";

/** What is said of a model with one config.json beside a donor with another. */
function said(config: object, donor: object): string | undefined {
  const common = { model_type: "qwen2", num_hidden_layers: 2 };
  const models = new Map([
    ["donor", { config: { ...common, ...donor } }],
    ["other", { config: { ...common, ...config } }],
  ]);
  return otherConfigs(models, "donor")[0];
}

test("a field that only one of two models has counts as what transformers takes instead", () => {
  expect(said({ rms_norm_eps: 1e-5 }, {})).toBe(
    "other: config.json differs in rms_norm_eps from that of donor, which the merge gets",
  );
  expect(said({}, { rms_norm_eps: 1e-5 })).toContain("differs in rms_norm_eps from");
  expect(said({ hidden_act: "gelu" }, {})).toContain("differs in hidden_act from");
  expect(said({ rope_theta: 1_000_000 }, {})).toContain("differs in the rotation of positions from");
  expect(said({ rms_norm_eps: 1e-6, hidden_act: "silu", rope_theta: 10_000 }, {})).toBeUndefined();
  expect(said({ rms_norm_eps: null, rope_scaling: null }, {})).toBeUndefined();
});

test("a window counts where attention looks at it", () => {
  const on = { use_sliding_window: true, max_window_layers: 0 };
  expect(said({ sliding_window: 4096, use_sliding_window: false }, { sliding_window: null })).toBeUndefined();
  expect(said({ ...on, sliding_window: 64 }, on)).toContain("differs in sliding_window from");
  expect(said({ ...on, max_window_layers: 1 }, on)).toContain("differs in the layers with a window from");
  expect(said(on, {})).toContain("differs in sliding_window, the layers with a window from");
});

test("of Gemma 2, caps that are left out are its own, and null is none", () => {
  const gemma = { model_type: "gemma2" };
  expect(said({ ...gemma, attn_logit_softcapping: 50, final_logit_softcapping: 30 }, gemma)).toBeUndefined();
  expect(said({ ...gemma, attn_logit_softcapping: null }, gemma)).toContain("differs in attn_logit_softcapping from");
  expect(said({ ...gemma, query_pre_attn_scalar: 144 }, gemma)).toContain("differs in query_pre_attn_scalar from");
});

test("models of other lengths are compared in the layers that both have", () => {
  const gemma = { model_type: "gemma2", query_pre_attn_scalar: 256 };
  expect(said({ ...gemma, num_hidden_layers: 5 }, gemma)).toBeUndefined();
});
