/** The architectures that can become a GGUF, by `model_type` of config.json. SmolLM is `llama` by its model_type. */
export const ARCHITECTURES = ["qwen2", "qwen3", "llama", "mistral", "gemma2", "gemma3_text", "phi3"] as const;
export type Architecture = (typeof ARCHITECTURES)[number];
