import type { CommandModule } from "yargs";
import { convertCheckpoint } from "../../checkpoints/convert-checkpoint.ts";
import { GGUF_TYPES } from "../../checkpoints/gguf/gguf-layout.ts";
import type { CliContext } from "../context.ts";
import { MODELS } from "../flags/merge-flags.ts";
import { defineCommand, jsonFlag, named } from "../flags/options.ts";
import { allowNonFiniteFlag, allowUnknownFlag } from "../flags/sweep-flags.ts";
import { downloads } from "../show-downloads.ts";
import { showTensors } from "../show-tensors.ts";

/** `mergesweep convert MODEL OUT.gguf`: a checkpoint as llama.cpp loads it. */
export function convertCommand(context: CliContext): CommandModule {
  const { terminal, signal } = context;
  return defineCommand({
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
      let show: ReturnType<typeof showTensors> | undefined;
      const warn = (text: string): void => terminal.note(`warning: ${text}`);
      const { out, type, tensors, weightsSha256 } = await convertCheckpoint(args.model, args.out, {
        type: args.type,
        signal,
        downloads: downloads(context),
        allowUnknown: args.allowUnknown,
        onOpened: (count) => {
          show = showTensors(terminal, count);
        },
        onStored: (tensor) => show?.(tensor),
        ...(args.allowNonFinite === true ? { onNonFinite: warn } : {}),
        onNote: (note) => warn(`${args.model}: ${note}`),
      });
      terminal.out(
        args.json === true
          ? JSON.stringify({ out, type, weights_sha256: weightsSha256 })
          : `${out}: ${tensors} tensors as ${type}, weights sha256 ${weightsSha256}`,
      );
    },
  });
}
