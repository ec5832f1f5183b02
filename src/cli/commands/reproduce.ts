import { join } from "node:path";
import type { CommandModule } from "yargs";
import { UsageError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-write.ts";
import { makeFolder } from "../../base/files/make-folder.ts";
import { judgeReproduction } from "../../findings/reproduction/judge-reproduction.ts";
import type { PublishedNumbers } from "../../findings/reproduction/published-numbers.ts";
import {
  describeFoundOut,
  describeMerge,
  reproductionMarkdown,
  verdictSentence,
} from "../../report/tables/reproduction-text.ts";
import { readRun } from "../../runs/read-run.ts";
import type { Manifest } from "../../runs/schema.ts";
import { readSweepFile } from "../../sweep/file/config.ts";
import { expandSweep } from "../../sweep/file/expand.ts";
import { readPublished } from "../../sweep/file/published.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { executionFlags } from "../flags/execution-flags.ts";
import { defineCommand, named, numberOption, textOption } from "../flags/options.ts";
import { type SweepFlagValues, setFlag, sweepFlags, variablesOf } from "../flags/sweep-flags.ts";
import { trustFlag } from "../flags/trust.ts";
import { planAndRun } from "../run/run-plan.ts";
import { verifyPublished, verifyWrongMerge } from "../verify-published.ts";

/** Points of a percentage. */
const DEFAULT_MARGIN = 3;
/** What `--smoke` reproduces: the pocket sweep, as another stack evaluated it. */
const SMOKE_TARGET = "pocket";

/** `mergesweep reproduce TARGET`: make published numbers again, and say whether they are reproduced. */
export function reproduceCommand(context: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("target", {
          type: "string",
          demandOption: true,
          description: "Published numbers: a name in published/ such as w0.1, a file, or a sweep that has some",
        })
        .options(
          named({
            margin: numberOption(
              "Points by which a number may differ and still count as reproduced (default: 3)",
              0.01,
              100,
            ),
            protocol: textOption("Follow this protocol instead of the sweep's: quick"),
          }),
        )
        .option("smoke", {
          type: "boolean",
          description: "Every step on the pocket checkpoints, compared with transformers' results: a minute",
        })
        .options(named(sweepFlags))
        .options(setFlag)
        .options(named(executionFlags))
        .options(trustFlag)
        .example("$0 reproduce w0.1 --smoke", "whether everything works here, in a minute")
        .example("$0 reproduce lenfmt-MRL4096-LR1e-6 --set len=PATH --set fmt=PATH", "a published family")
        .epilogue("Exit code 0: reproduced; 1: not, or undecided."),
    handler: async (args) => {
      const smoke = args.smoke === true;
      const target = await readPublished(args.target);
      const published = smoke ? await readPublished(SMOKE_TARGET) : target;
      checkChoice(args, published);
      const set = smoke ? {} : variablesOf(args.set);
      const sweep = await readSweepFile(published.sweep, set, args.protocol);
      const label = [published.name, smoke ? "smoke" : args.protocol].filter((part) => part !== undefined).join("-");
      const out = args.out ?? join("runs", `reproduce-${label}`);
      const folder = args.report ?? join("reports", `reproduce-${label}`);
      const asked = new Set(Object.keys({ ...published.points, ...published.merges, ...published.weights }));
      const only = expandSweep(sweep).flatMap(({ name }) => (asked.has(name) ? [name] : []));
      const { terminal } = context;
      // Minutes, before what may take days.
      const merges = await verifyPublished(context, sweep, published);
      for (const merge of merges) terminal.note(describeMerge(merge));
      const [other, claimed] = Object.keys(published.weights);
      const wrong =
        smoke && other !== undefined && claimed !== undefined
          ? await verifyWrongMerge(context, sweep, { other, claimed })
          : undefined;
      if (wrong !== undefined) terminal.note(describeFoundOut(wrong));
      const chosen = {
        ...args,
        limit: smoke ? pairedQuestions(published) : args.limit,
        only: only.length === 0 ? undefined : only,
        out,
        report: folder,
      };
      const source = { kind: "sweep", path: published.sweep, set, protocol: args.protocol } as const;
      const silent = { ...context, terminal: { ...context.terminal, out: () => {} } };
      const benchmarks = await planAndRun(silent, sweep, chosen, source);
      const run = await readRun(out);
      const margin = args.margin ?? DEFAULT_MARGIN;
      const reproduction = judgeReproduction(
        run,
        published,
        margin,
        new Map(benchmarks.map(({ name, samples }) => [name, samples.map(({ id }) => id)])),
      );
      const text = reproductionMarkdown(reproduction, published, { merges, wrong }, protocolLines(run.manifest));
      await makeFolder(folder);
      await writeFileAtomic(join(folder, "reproduction.md"), text);
      const data = { target: published.name, ...reproduction, merges, wrong };
      await writeFileAtomic(join(folder, "reproduction.json"), `${JSON.stringify(data, null, 2)}\n`);
      terminal.out(args.json === true ? JSON.stringify(data) : text);
      if (smoke) terminal.note(`This was a trial on the pocket checkpoints: it says nothing about ${target.name}.`);
      terminal.note(verdictSentence(reproduction));
      terminal.note(`Report: ${join(folder, "reproduction.md")}`);
      const otherWeights = merges.some(({ identical }) => identical === false) || wrong?.found === false;
      if (reproduction.verdict !== "reproduced" || otherWeights) context.setExitCode(EXIT.failed);
    },
  });
}

/** @throws UsageError for flags that would choose other questions or models than the numbers are of */
function checkChoice(
  { smoke, set, limit, sampleId }: Pick<SweepFlagValues, "limit" | "sampleId"> & SmokeFlags,
  published: PublishedNumbers,
): void {
  if (smoke === true && (set !== undefined || limit !== undefined)) {
    const flag = set === undefined ? "limit" : "set";
    throw new UsageError(`--${flag}: cannot be combined with --smoke, which has its own models and questions`);
  }
  if (sampleId !== undefined && pairedQuestions(published) !== undefined) {
    throw new UsageError(
      `--sample-id: expected all questions of ${published.name}, whose answers were published individually`,
      { hint: "--limit N takes the first of them." },
    );
  }
}

interface SmokeFlags {
  readonly smoke: boolean | undefined;
  readonly set: readonly string[] | undefined;
}

/** How many of the first questions have single answers everywhere. */
function pairedQuestions({ points }: PublishedNumbers): number | undefined {
  const lengths = Object.values(points).flatMap((scores) =>
    Object.values(scores).flatMap(({ right }) => (right === undefined ? [] : [right.length])),
  );
  return lengths.length === 0 ? undefined : Math.min(...lengths);
}

function protocolLines({ protocol }: Manifest): string[] {
  if (protocol === undefined) return [];
  const { name, gives_up: givesUp, differences } = protocol;
  const done = differences.length === 0 ? "followed to the letter" : `but ${differences.join("; ")}`;
  return [`Protocol: ${name}, ${done}.`, ...(givesUp === undefined ? [] : [`Given up: ${givesUp}`])];
}
