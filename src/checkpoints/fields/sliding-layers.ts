import type { Architecture } from "../architecture.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Gemma 3's window slides in all but every sixth layer, where config.json does not say it. */
const GEMMA3_PATTERN = 6;
/** The first of Qwen's layers that slide, where config.json does not say it. */
const MAX_WINDOW_LAYERS = 28;

/**
 * For each layer whether its attention looks back at a window of tokens only, as transformers 5 reads it.
 * @param sliding whether there is a window at all
 */
export function slidingLayers(config: Fields, architecture: Architecture, layers: number, sliding: boolean): boolean[] {
  const types = config.layer_types;
  const goesByTypes = architecture !== "llama" && architecture !== "mistral" && architecture !== "phi3";
  return Array.from({ length: layers }, (_, layer) => {
    if (!sliding) return false;
    if (goesByTypes && Array.isArray(types)) return types[layer] === "sliding_attention";
    return slidesByDefault(config, architecture, layer);
  });
}

/** Whether some kind of layer looks at a window: Qwen's must be turned on, and null turns it off but in Gemma. */
export function hasSlidingLayers(config: Fields, architecture: Architecture): boolean {
  switch (architecture) {
    case "llama":
      return false;
    case "qwen2":
    case "qwen3":
      return config.use_sliding_window === true && config.sliding_window !== null;
    case "mistral":
      return config.sliding_window !== null;
    case "phi3":
      return config.sliding_window !== null && config.sliding_window !== undefined;
    default:
      return true;
  }
}

function slidesByDefault(config: Fields, architecture: Architecture, layer: number): boolean {
  const number = (key: string, fallback: number): number => {
    const value = config[key];
    return typeof value === "number" && value > 0 ? value : fallback;
  };
  switch (architecture) {
    case "llama":
      return false;
    case "mistral":
    case "phi3":
      return true;
    case "qwen2":
    case "qwen3":
      return layer >= (config.max_window_layers === 0 ? 0 : number("max_window_layers", MAX_WINDOW_LAYERS));
    case "gemma2":
      return layer % 2 === 0;
    default:
      return (layer + 1) % number("sliding_window_pattern", GEMMA3_PATTERN) !== 0;
  }
}

/** The layers that slide in llama.cpp if a GGUF says nothing of them. */
export function assumedSlidingLayers(architecture: "gemma2" | "gemma3_text", layers: number): boolean[] {
  const pattern = architecture === "gemma2" ? 2 : GEMMA3_PATTERN;
  return Array.from({ length: layers }, (_, layer) => (layer + 1) % pattern !== 0);
}
