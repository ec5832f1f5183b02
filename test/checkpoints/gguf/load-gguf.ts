import { getLlama, LlamaCompletion, LlamaLogLevel, type LlamaModel } from "node-llama-cpp";

/** Loads a GGUF file with llama.cpp on one thread of the CPU, and frees it afterwards. */
export async function withModel<T>(path: string, use: (model: LlamaModel) => Promise<T>): Promise<T> {
  const llama = await getLlama({ gpu: false, build: "never", maxThreads: 1, logLevel: LlamaLogLevel.error });
  try {
    const model = await llama.loadModel({ modelPath: path, checkTensors: true });
    return await use(model);
  } finally {
    await llama.dispose();
  }
}

/** Greedy completions of prompts, which are tokenised with their special tokens. */
export async function complete(model: LlamaModel, prompts: readonly string[], maxTokens: number): Promise<string[]> {
  const context = await model.createContext({ contextSize: 512, threads: 1, flashAttention: false });
  const texts: string[] = [];
  const completion = new LlamaCompletion({ contextSequence: context.getSequence() });
  for (const prompt of prompts) {
    texts.push(await completion.generateCompletion(model.tokenize(prompt, true), { temperature: 0, maxTokens }));
  }
  await context.dispose();
  return texts;
}
