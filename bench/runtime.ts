import { parseArgs } from "node:util";
import { countOf, countsOf } from "./flag-values.ts";
import { halfBillionModel, pocketModel } from "./runtime/bench-models.ts";
import { benchLoads } from "./runtime/loads.ts";
import { benchPicking } from "./runtime/picking.ts";
import { benchPrefix } from "./runtime/prefix.ts";
import { benchThroughput } from "./runtime/throughput.ts";

const MODELS = { pocket: pocketModel, "0.5b": halfBillionModel } as const;

/**
 * `npm run bench runtime`: the evaluator beside node-llama-cpp's LlamaCompletion and llama.cpp alone.
 *
 * `--model pocket,0.5b --sequences 1,8,16,32 --processes 1,2 --rounds 3` are the defaults. Then what it costs to
 * pick a token, and on the pocket model what shared prompts gain and what a hundred loads leave in memory; `--part throughput`,
 * `picking`, `prefix` or `loads` does one of them.
 */
export async function benchRuntime(args: string[]): Promise<void> {
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
