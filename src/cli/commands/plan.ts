import type { CommandModule } from "yargs";
import { formatBytes } from "../../base/bytes.ts";
import { countOf } from "../../base/count-of.ts";
import { UsageError } from "../../base/errors.ts";
import { DEFAULT_OBJECTIVE, describeObjective, objectiveSchema } from "../../findings/objective.ts";
import type { Manifest } from "../../runs/schema.ts";
import { completionsPerPoint } from "../../runs/schema.ts";
import { readSweepFile } from "../../sweep/file/config.ts";
import { sweepCost } from "../../sweep/plan/cost.ts";
import { readEarlierRuns } from "../../sweep/plan/earlier-runs.ts";
import { planSweep, unitBytes } from "../../sweep/plan/plan.ts";
import type { EnginePlan } from "../../sweep/plan/plan-engine.ts";
import type { CliContext } from "../context.ts";
import { describeCost } from "../describe-cost.ts";
import { defineCommand, jsonFlag, named, numberOption } from "../flags/options.ts";
import { onlyFlag, overridesOf, searchFlag, setFlag, sweepFlags, variablesOf } from "../flags/sweep-flags.ts";
import { probeSweep } from "../probe.ts";
import { searchOf, setDownSweep, setupOf } from "../run/run-setup.ts";
import { downloads } from "../show-downloads.ts";

/** `mergesweep plan SWEEP`: check everything and say what would run; writes nothing but, if asked, the store for workers. */
export function planCommand(context: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("sweep", { type: "string", demandOption: true, description: "Sweep file (YAML)" })
        .options(named(sweepFlags))
        .options(named(onlyFlag))
        .options(setFlag)
        .options(
          named({
            "tokens-per-second": {
              ...numberOption("Speed of the machine, all processes together (default: as in earlier runs here)", 0.001),
              group: "Cost:",
            },
            probe: {
              type: "boolean",
              description:
                "Measure the speed: one point is made in a temporary folder and generates for at most a minute",
              group: "Cost:",
            } as const,
            store: {
              type: "boolean",
              description: "Prepare the run in its store, for `mergesweep worker RUN` on any number of machines",
              group: "Output:",
            } as const,
            search: searchFlag,
            json: jsonFlag,
          }),
        ),
    handler: async (args) => {
      const overrides = overridesOf(args);
      const set = variablesOf(args.set);
      const sweep = await readSweepFile(args.sweep, set);
      if (args.search !== undefined && args.store !== true) {
        throw new UsageError("--search: expected --store with it, which sets down what workers do");
      }
      const plan = await planSweep(sweep, overrides, {
        store: args.out,
        downloads: { ...downloads(context), peek: args.store !== true },
      });
      try {
        if (args.store === true) {
          const source = { kind: "sweep", path: args.sweep, set } as const;
          await setDownSweep(context, plan, setupOf(source, overrides, searchOf(plan, args.search)));
          context.terminal.note(`Prepared in ${plan.store}. Start workers with: mergesweep worker ${plan.store}`);
        }
        const { manifest } = plan;
        for (const note of plan.notes) context.terminal.note(`warning: ${note}`);
        const earlier = await readEarlierRuns("runs", (text) => context.terminal.note(text));
        if (args.probe === true) earlier.unshift(await probeSweep(context, sweep, overrides, manifest.max_tokens));
        const { tokensPerSecond: given } = args;
        const cost = sweepCost(plan, earlier, given === undefined ? undefined : { value: given, from: "as given" });
        if (args.json === true) {
          context.terminal.out(
            JSON.stringify({ ...manifest, cost, origins: originsOf(sweep.document.value, overrides) }, null, 2),
          );
          return;
        }
        const completions = completionsPerPoint(manifest);
        context.terminal.out(
          [
            `${manifest.sweep}: ${countOf(plan.units.length, "point")} x ${countOf(completions, "completion")} = ${plan.units.length * completions}`,
            `points: ${manifest.points.map((point) => point.name).join(", ")}`,
            ...manifest.benchmarks.map(
              ({ name, version, samples, attempts, prompt }) =>
                `benchmark: ${name} v${version}, ${countOf(samples, "problem")} x ${attempts}, prompt ${prompt}`,
            ),
            ...protocolLines(manifest),
            `objective: ${describePlannedObjective(manifest)}`,
            ...describeGeneration(manifest, originsOf(sweep.document.value, overrides)),
            `runtime: ${plan.server === undefined ? describeEngine(plan.engine) : plan.server.createRuntime().build}`,
            `weights: ${plan.ggufType}, about ${formatBytes(Math.max(...plan.units.map((unit) => unitBytes(unit, plan.ggufType))))} per point; context ${plan.settings.contextTokens} tokens per sequence`,
            ...describeCost(cost),
          ].join("\n"),
        );
      } finally {
        await plan.close();
      }
    },
  });
}

function protocolLines({ protocol }: Manifest): string[] {
  if (protocol === undefined) return [];
  const { name, differences } = protocol;
  return [`protocol: ${name}${differences.length === 0 ? "" : `, but ${differences.join("; ")}`}`];
}

function describePlannedObjective({ objective }: Manifest): string {
  const parsed = objectiveSchema.safeParse(objective);
  return parsed.success ? describeObjective(parsed.data) : `${describeObjective(DEFAULT_OBJECTIVE)} (default)`;
}

/** What was asked for, and what is then left to defaults. Without the attempts, which every benchmark has of its own. */
function describeGeneration({ plan }: Manifest, origins: Readonly<Record<string, string>>): string[] {
  const settings = Object.entries(Object(plan.generation)).filter(([name]) => name !== "attempts");
  const isDefault = (name: string): boolean => (origins[`generation.${name}`] ?? "default") === "default";
  return [
    ...settingsLine(
      "generation",
      settings.filter(([name]) => !isDefault(name)),
    ),
    ...settingsLine(
      "generation, by default",
      settings.filter(([name]) => isDefault(name)),
    ),
  ];
}

function settingsLine(title: string, settings: readonly (readonly [string, unknown])[]): string[] {
  if (settings.length === 0) return [];
  return [`${title}: ${settings.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", ")}`];
}

function describeEngine(engine: EnginePlan): string {
  const options = Object.entries(engine).map(([name, value]) => `${name} ${value}`);
  return ["llama.cpp", ...options].join(", ");
}

/** Where each generation setting comes from: `flag`, `file` or `default`. */
function originsOf(file: unknown, overrides: ReturnType<typeof overridesOf>): Record<string, string> {
  const written = typeof file === "object" && file !== null && "generation" in file ? Object(file.generation) : {};
  const names = [
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "repetition_penalty",
    "max_tokens",
    "max_thinking_tokens",
    "attempts",
    "seed",
    "stop",
  ];
  return Object.fromEntries(
    names.map((name) => {
      const given = Object.hasOwn(overrides.generation ?? {}, name);
      return [`generation.${name}`, given ? "flag" : Object.hasOwn(written, name) ? "file" : "default"];
    }),
  );
}
