import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { messageOf } from "../../src/base/errors.ts";
import { DISTILL_1_5B } from "../merge/random-checkpoint.ts";

/** Generates with a random model of the same shape, in BF16, greedily; a line of JSON for each number of sequences. */
const PROGRAM = `
import json, sys, time
import torch, transformers
shape, counts, tokens = json.loads(sys.argv[1])
torch.manual_seed(0)
config = transformers.Qwen2Config(
    hidden_size=shape["hidden"], intermediate_size=shape["intermediate"], num_hidden_layers=shape["layers"],
    num_attention_heads=shape["hidden"] // 128, num_key_value_heads=shape["keyValue"] // 128,
    vocab_size=shape["vocabulary"], tie_word_embeddings=False, eos_token_id=None, bos_token_id=None, pad_token_id=0)
with torch.device("cuda"):
    model = transformers.Qwen2ForCausalLM(config).to(torch.bfloat16).eval()
for count in counts:
    prompt = torch.randint(0, 1000, (count, 16), device="cuda")
    def generate():
        torch.cuda.synchronize()
        start = time.time()
        model.generate(prompt, max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False)
        torch.cuda.synchronize()
        return count * tokens / (time.time() - start)
    generate()
    print(json.dumps([count, generate()]), flush=True)
`;

/** Prints the speed of Python's transformers on the same card, or why there is none. */
export async function benchTransformers(options: {
  readonly sequences: readonly number[];
  readonly tokens: number;
}): Promise<void> {
  const settings = JSON.stringify([DISTILL_1_5B, options.sequences, options.tokens]);
  process.stdout.write("\ntransformers on the same card, greedy, tokens per second\n");
  try {
    const { stdout } = await promisify(execFile)("python3", ["-c", PROGRAM, settings], { timeout: 90_000 });
    for (const line of stdout.trim().split("\n")) process.stdout.write(`  ${line}\n`);
  } catch (error) {
    process.stdout.write(`  not measured: ${messageOf(error).trim().split("\n").at(-1)}\n`);
  }
}
