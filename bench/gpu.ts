import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { messageOf } from "../src/base/errors.ts";
import { createLlamaCppRuntime } from "../src/models/llama-cpp/llama-cpp.ts";
import { type Bench, print } from "./bench.ts";
import { countOf, countsOf } from "./flag-values.ts";
import { makeLargeModel } from "./gpu/large-model.ts";
import { benchSpeeds } from "./gpu/speeds.ts";
import { benchTexts } from "./gpu/texts.ts";
import { benchTransformers } from "./gpu/transformers.ts";

const HELP = `npm run bench gpu [-- --sequences 1,16,64 --questions N --tokens N --bandwidth GB/S --folder DIR --rehearse]

What a GPU is worth to a sweep, beside this machine's CPU. Without a GPU it says so and ends.

  --sequences  completions generated side by side  [1,16,64]
  --questions  of the pocket sweep, whose texts are compared with the CPU's  [200]
  --tokens     of each completion that is timed  [128]
  --bandwidth  of the card's data sheet in GB/s: adds the bound
  --folder     where the checkpoint of the 1.5B shape is kept for the next time
  --rehearse   does all of it in small on the CPU
`;

/** Prints the tables. Without a GPU it says so and ends. */
async function benchGpu(args: string[]): Promise<void> {
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

export const gpu: Bench = { help: HELP, run: benchGpu };
