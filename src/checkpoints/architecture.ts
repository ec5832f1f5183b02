/** The architectures that can become a GGUF, by `model_type` of config.json. SmolLM is `llama` by its model_type. */
export const ARCHITECTURES = ["qwen2", "qwen3", "llama", "mistral", "gemma2", "gemma3_text", "phi3"] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** What transformers calls the causal language models of each, under `architectures` of config.json. */
export const ARCHITECTURE_CLASSES: Readonly<Record<Architecture, string>> = {
  qwen2: "Qwen2ForCausalLM",
  qwen3: "Qwen3ForCausalLM",
  llama: "LlamaForCausalLM",
  mistral: "MistralForCausalLM",
  gemma2: "Gemma2ForCausalLM",
  gemma3_text: "Gemma3ForCausalLM",
  phi3: "Phi3ForCausalLM",
};

/** The architecture of such a class, if it is known. */
export function architectureOfClass(name: string): Architecture | undefined {
  return ARCHITECTURES.find((architecture) => ARCHITECTURE_CLASSES[architecture] === name);
}
