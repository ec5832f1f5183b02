import type { CommandModule } from "yargs";
import { checkNewFile } from "../../base/files/new-path.ts";
import { GGUF_TYPES } from "../../checkpoints/gguf/gguf-layout.ts";
import { writeGguf } from "../../checkpoints/gguf/write-gguf.ts";
import { openCheckpoint } from "../../checkpoints/open-checkpoint.ts";
import { streamReader } from "../../tensors/write/tensor-stream.ts";
import type { CliContext } from "../context.ts";
import { MODELS } from "../merge-flags.ts";
import { defineCommand, jsonFlag, named } from "../options.ts";
import { downloads } from "../show-downloads.ts";
import { showTensors } from "../show-tensors.ts";
import { allowNonFiniteFlag, allowUnknownFlag } from "../sweep-flags.ts";

/** `mergesweep convert MODEL OUT.gguf`: a checkpoint as llama.cpp loads it. */
export function convertCommand(context: CliContext): CommandModule {
  const { terminal, signal } = context;
  return defineCommand({
    command: "convert <model> <out>",
    describe: "Convert a checkpoint to GGUF",
    builder: (parser) =>
      parser
        .positional("model", {
          type: "string",
          demandOption: true,
          description: "Checkpoint to convert",
        })
        .positional("out", { type: "string", demandOption: true, description: "GGUF file to make; must not exist" })
        .options({
          type: {
            choices: GGUF_TYPES,
            default: "bf16" as const,
            description: "Type of the weights; norms and biases stay f32",
          },
          ...named(allowUnknownFlag),
          ...allowNonFiniteFlag,
          json: jsonFlag,
        })
        .example("$0 convert checkpoints/pocket/base base.gguf", "")
        .example("$0 convert Qwen/Qwen2.5-0.5B-Instruct qwen.gguf --type q8_0", "")
        .epilogue(MODELS),
    handler: async (args) => {
      await checkNewFile(args.out);
      const checkpoint = await openCheckpoint(args.model, downloads(context));
      try {
        const streams = streamReader(checkpoint.reader);
        const onStored = showTensors(terminal, streams.length);
        const weightsSha256 = await writeGguf(args.out, checkpoint, streams, args.type, {
          signal,
          onStored,
          allowUnknown: args.allowUnknown,
          ...(args.allowNonFinite === true ? { onNonFinite: (found) => terminal.note(`warning: ${found}`) } : {}),
          onNote: (note) => terminal.note(`warning: ${args.model}: ${note}`),
        });
        terminal.out(
          args.json === true
            ? JSON.stringify({ out: args.out, type: args.type, weights_sha256: weightsSha256 })
            : `${args.out}: ${streams.length} tensors as ${args.type}, weights sha256 ${weightsSha256}`,
        );
      } finally {
        await checkpoint.close();
      }
    },
  });
}
