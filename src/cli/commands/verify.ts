import type { CommandModule } from "yargs";
import type { TensorDifference } from "../../merge/verify/compare-tensors.ts";
import { describeExplanation } from "../../merge/verify/explain.ts";
import { type VerifiedCheckpoint, verifyCheckpoint } from "../../merge/verify/verify-checkpoint.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { mergeFlags, settingsOf } from "../flags/merge-flags.ts";
import { defineCommand, jsonFlag, named, textOption } from "../flags/options.ts";
import { downloads } from "../show-downloads.ts";

/** Rows of the table of differences; `--json` has all. */
const MAX_SHOWN = 12;

/** `mergesweep verify MERGED`: whether a merge is what its recipe says, and if not, what it is. */
export function verifyCommand(context: CliContext): CommandModule {
  const { terminal, signal } = context;
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("merged", {
          type: "string",
          demandOption: true,
          description: "Merged checkpoint: a folder, a GGUF file, or org/name[@revision]",
        })
        .options(
          named({
            recipe: {
              ...textOption("mergekit config (YAML; default: MERGED/mergekit_config.yml)"),
              group: "Input:",
            },
            ...mergeFlags,
            json: jsonFlag,
          }),
        )
        .example(
          "$0 verify merged/ --recipe merge.yml",
          "exit code 0: bit-identical; 1: not, with what explains it; 2: undetermined",
        ),
    handler: async (args) => {
      const verified = await verifyCheckpoint(args.merged, {
        recipe: args.recipe,
        ...settingsOf(args),
        signal,
        downloads: downloads(context),
        onStage: (name) => terminal.status(`${name}: made again`),
        onTensor: (done, of) => terminal.status(`${done}/${of} tensors compared`),
        onNote: (note) => terminal.note(note),
      });
      terminal.out(args.json === true ? JSON.stringify(asJson(verified), null, 2) : show(verified));
      if (!verified.identical) context.setExitCode(EXIT.failed);
    },
  });
}

function show(verified: VerifiedCheckpoint): string {
  const { merged, recipe, identical, tensors, differences, missing, extra, weightsSha256, explanation } = verified;
  if (identical) {
    return `${merged}: bit-identical to the merge of ${recipe}: ${tensors} tensors, weights sha256 ${weightsSha256}`;
  }
  const same = tensors - differences.length - missing.length;
  const sum = (key: "different" | "elements"): string => String(differences.reduce((all, one) => all + one[key], 0));
  const lines = [
    `${merged}: not the merge of ${recipe}: ${differences.length} of ${tensors} tensors differ, ${same} are identical`,
  ];
  if (differences.length > 0) {
    lines.push(`In these, ${sum("different")} of ${sum("elements")} elements differ.`, "", ...table(differences));
  }
  if (missing.length > 0) lines.push("", `missing: ${list(missing)}`);
  if (extra.length > 0) lines.push("", `not of this merge: ${list(extra)}`);
  return [...lines, "", describeExplanation(explanation)].join("\n");
}

function list(names: readonly string[]): string {
  const more = names.length - MAX_SHOWN;
  return names.slice(0, MAX_SHOWN).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function table(differences: readonly TensorDifference[]): string[] {
  const rows = [
    ["tensor", "different", "of", "max abs", "max rel", "max ulp", ""],
    ...differences
      .slice(0, MAX_SHOWN)
      .map(({ name, different, elements, maxAbs, maxRelative, maxUlp, note }) => [
        name,
        String(different),
        String(elements),
        maxAbs.toExponential(2),
        maxRelative.toExponential(2),
        String(maxUlp),
        note ?? "",
      ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === 6 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  const more = differences.length - MAX_SHOWN;
  return more > 0 ? [...lines, `... and ${more} more`] : lines;
}

function asJson(verified: VerifiedCheckpoint): object {
  const { merged, recipe, identical, tensors, differences, missing, extra, weightsSha256, explanation } = verified;
  return {
    merged,
    recipe,
    identical,
    tensors,
    differences: differences.map(({ name, note, elements, different, maxAbs, maxRelative, maxUlp }) => ({
      name,
      ...(note === undefined ? {} : { note }),
      elements,
      different,
      max_abs: maxAbs,
      max_relative: maxRelative,
      max_ulp: maxUlp,
    })),
    missing,
    extra,
    weights_sha256: weightsSha256,
    ...(explanation === undefined ? {} : { explanation }),
  };
}
