import { parseArgs } from "node:util";
import type { Bench } from "./bench.ts";
import { countOf, countsOf } from "./flag-values.ts";
import { halfBillionModel, pocketModel } from "./runtime/bench-models.ts";
import { benchLoads } from "./runtime/loads.ts";
import { benchPicking } from "./runtime/picking.ts";
import { benchPrefix } from "./runtime/prefix.ts";
import { benchThroughput } from "./runtime/throughput.ts";

const HELP = `npm run bench runtime [-- --model pocket,0.5b --sequences 1,8,16,32 --processes 1,2 --rounds N --part NAMES]

The evaluator beside node-llama-cpp's LlamaCompletion and llama.cpp itself; what picking a token costs; what shared prompts
gain, and what a hundred loads leave in memory.

  --model      pocket, 0.5b  [both]
  --sequences  completions generated side by side  [1,8,16,32]
  --processes  at the same time  [1,2]
  --rounds     of each; the best counts  [3]
  --part       throughput, picking, prefix, loads  [all]
`;

const MODELS = { pocket: pocketModel, "0.5b": halfBillionModel } as const;

/** Prints the tables of the parts that were asked for. */
async function benchRuntime(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: "string", default: Object.keys(MODELS).join() },
      sequences: { type: "string", default: "1,8,16,32" },
      processes: { type: "string", default: "1,2" },
      rounds: { type: "string", default: "3" },
      part: { type: "string", default: "throughput,picking,prefix,loads" },
    },
  });
  const parts = new Set(values.part.split(","));
  if (parts.has("throughput")) {
    const names = values.model.split(",");
    const models = [];
    for (const [name, make] of Object.entries(MODELS)) if (names.includes(name)) models.push(await make());
    await benchThroughput({
      models,
      sequences: countsOf("sequences", values.sequences),
      processes: countsOf("processes", values.processes),
      rounds: countOf("rounds", values.rounds),
    });
  }
  if (parts.has("picking")) await benchPicking(countOf("rounds", values.rounds));
  if (parts.has("prefix")) await benchPrefix(await pocketModel());
  if (parts.has("loads")) await benchLoads(await pocketModel());
}

export const runtime: Bench = { help: HELP, run: benchRuntime };
