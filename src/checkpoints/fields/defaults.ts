import type { Architecture } from "../architecture.ts";

/*
 * What transformers' config classes say where config.json says nothing.
 */

/** @returns the `rms_norm_eps` of an architecture */
export function defaultNormEpsilon(architecture: Architecture): number {
  return architecture === "phi3" ? 1e-5 : 1e-6;
}

/** @returns the `rope_theta` of an architecture */
export function defaultRopeTheta(architecture: Architecture): number {
  return architecture === "gemma3_text" ? 1_000_000 : 10_000;
}

/** @returns the `sliding_window` of an architecture, in tokens; undefined where it has none unless it is said */
export function defaultSlidingWindow(architecture: Architecture): number | undefined {
  return architecture === "llama" || architecture === "phi3" ? undefined : 4096;
}

/** @returns the field that names the activation of an architecture, and what it is */
export function defaultActivation(architecture: Architecture): readonly [field: string, name: string] {
  return architecture === "gemma2" || architecture === "gemma3_text"
    ? ["hidden_activation", "gelu_pytorch_tanh"]
    : ["hidden_act", "silu"];
}

/** What divides the queries of Gemma's attention: the `query_pre_attn_scalar` of it. */
export const DEFAULT_QUERY_SCALAR = 256;

/** Gemma 2's caps of logits. */
export const DEFAULT_CAPS = { attn_logit_softcapping: 50, final_logit_softcapping: 30 } as const;
