import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { messageOf } from "../src/base/errors.ts";
import { createLlamaCppRuntime } from "../src/models/llama-cpp/llama-cpp.ts";
import { countOf, countsOf } from "./flag-values.ts";
import { makeLargeModel } from "./gpu/large-model.ts";
import { benchSpeeds } from "./gpu/speeds.ts";
import { benchTexts } from "./gpu/texts.ts";
import { benchTransformers } from "./gpu/transformers.ts";

/**
 * `npm run bench gpu`: what a sweep gets from this machine's GPU. Whether llama.cpp takes one; how many texts of the pocket model
 * differ from the CPU's, and among numbers of sequences; merging and converting two random checkpoints of the 1.5B shape (7 GB in
 * the system's temporary files, or in `--folder`; they stay there); tokens per second of the result, greedy and sampled, beside
 * transformers where Python has it. Without a GPU it says so and ends.
 *
 * `--sequences 1,16,64 --questions 200 --tokens 128` are the defaults. `--bandwidth 4800`, of the card's data sheet in GB/s, adds
 * the bound. `--rehearse` does all of it in small on the CPU, to try it before a machine is there.
 */
export async function benchGpu(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      sequences: { type: "string", default: "1,16,64" },
      questions: { type: "string", default: "200" },
      tokens: { type: "string", default: "128" },
      bandwidth: { type: "string" },
      folder: { type: "string" },
      rehearse: { type: "boolean", default: false },
    },
  });
  const sequences = countsOf("sequences", values.sequences);
  const questions = countOf("questions", values.questions);
  const tokens = countOf("tokens", values.tokens);
  const bandwidth = values.bandwidth === undefined ? undefined : countOf("bandwidth", values.bandwidth);
  const build = await buildOf(!values.rehearse);
  if (build === undefined) return;
  print(
    `${build}; load ${loadavg()[0]?.toFixed(1)} at the start${values.rehearse ? "; a rehearsal on the CPU" : ""}\n`,
  );
  const gpu = !values.rehearse;
  await benchTexts({ gpu, sequences, questions });
  const model = await makeLargeModel({ small: values.rehearse, folder: values.folder });
  await benchSpeeds(model, { gpu, sequences, tokens, bandwidth });
  if (gpu) await benchTransformers({ sequences, tokens });
}

/** The build of llama.cpp that is at work; undefined, said with the reason, if there is no GPU to measure. */
async function buildOf(gpu: boolean): Promise<string | undefined> {
  try {
    await using runtime = await createLlamaCppRuntime({ gpu: gpu && "auto" });
    if (!gpu || !runtime.build.includes("(cpu ")) return runtime.build;
    print(`gpu: llama.cpp finds no GPU here and would run on the CPU (${runtime.build}); nothing is measured`);
  } catch (error) {
    print(`gpu: llama.cpp does not start with a GPU (${messageOf(error)}); nothing is measured`);
  }
  return undefined;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
