import type { CommandModule } from "yargs";
import { openCheckpoint } from "../../checkpoints/checkpoint.ts";
import { layoutCheckpointGguf } from "../../checkpoints/gguf-layout.ts";
import { writeCheckpointTensors } from "../../merge/write-tensors.ts";
import { GGUF_TYPES } from "../../sweep/config.ts";
import type { CliContext } from "../context.ts";
import { defineCommand, jsonFlag } from "../options.ts";

/** `mergesweep convert MODEL OUT.gguf`: a checkpoint as llama.cpp loads it. */
export function convertCommand({ terminal }: CliContext): CommandModule {
  return defineCommand({
    command: "convert <model> <out>",
    describe: "Convert a checkpoint to GGUF",
    builder: (parser) =>
      parser
        .positional("model", { type: "string", demandOption: true, description: "Checkpoint folder" })
        .positional("out", { type: "string", demandOption: true, description: "GGUF file to write" })
        .options({
          type: {
            choices: GGUF_TYPES,
            default: "bf16" as const,
            description: "Type of the weights; norms and biases stay f32",
          },
          json: jsonFlag,
        })
        .example("$0 convert checkpoints/pocket/base base.gguf", ""),
    handler: async (args) => {
      const checkpoint = await openCheckpoint(args.model);
      try {
        const tensors = [...checkpoint.reader.tensors.values()];
        const layout = await layoutCheckpointGguf(checkpoint, tensors, args.type);
        const { weightsSha256 } = await writeCheckpointTensors(checkpoint, layout, args.out);
        terminal.out(
          args.json === true
            ? JSON.stringify({ out: args.out, type: args.type, weights_sha256: weightsSha256 })
            : `${args.out}: ${tensors.length} tensors as ${args.type}, weights sha256 ${weightsSha256}`,
        );
      } finally {
        await checkpoint.close();
      }
    },
  });
}
