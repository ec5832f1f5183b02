import { countOf } from "../../base/count-of.ts";
import { isRecord } from "../../base/is-record.ts";
import type { Judgement } from "../../findings/judge.ts";
import { decimal, percent } from "../../findings/numbers.ts";
import { describeObjective } from "../../findings/objective.ts";
import type { Manifest } from "../../runs/schema.ts";
import type { StoredRun } from "../../runs/stored-run.ts";
import { describeAsked } from "./markdown.ts";
import type { PageFact } from "./page-data.ts";

/** How the answers were made and scored: what somebody needs who wants to make them again. */
export function protocolFacts({ manifest, evaluated }: StoredRun, { rows, prices, decisions }: Judgement): PageFact[] {
  const { plan } = manifest;
  const generation = isRecord(plan.generation) ? plan.generation : {};
  const asked = manifest.benchmarks.map((benchmark) => {
    const { name, version, prompt, data_sha256: data } = benchmark;
    return `${name} v${version}: ${describeAsked(benchmark)}, prompt ${prompt}, data ${data.slice(0, 12)}`;
  });
  const short = rows.filter((row) => {
    const planned = manifest.benchmarks.find(({ name }) => name === row.benchmark);
    return planned !== undefined && row.samples !== null && row.samples < planned.samples;
  });
  const facts: (PageFact | undefined)[] = [
    ...named(manifest),
    fact("Questions", asked.join("\n")),
    fact("Answered by fewer", short.map((row) => `${row.point} on ${row.benchmark}: ${row.samples}`).join("\n")),
    fact(
      "Sampling",
      Object.entries(generation)
        .filter(([, value]) => isSet(value))
        .map(([name, value]) => `${name} ${written(value)}`)
        .join(", "),
    ),
    fact("Limit", manifest.max_tokens === null ? "" : `max_tokens ${manifest.max_tokens}`),
    fact("Context", typeof plan.context_size === "number" ? `${plan.context_size} tokens` : ""),
    fact("Weights run as", distinct(rows.map(({ ggufType }) => ggufType))),
    fact("Runtime", distinct(rows.map(({ runtime }) => runtime))),
    fact("Scorer", distinct(rows.map(({ scorer }) => scorer))),
    fact("Asked twice", repeated(evaluated)),
    fact(
      "Tokens against the first point, by pairs",
      prices
        .flatMap(({ point, benchmark, tokens }) =>
          tokens === null
            ? []
            : [
                `${point}${manifest.benchmarks.length > 1 ? ` on ${benchmark}` : ""}: ${percent(tokens.ratio)}%${tokens.interval === null ? "" : ` [${percent(tokens.interval.low)}, ${percent(tokens.interval.high)}]`}`,
              ],
        )
        .join("\n"),
    ),
    fact(
      "Objective",
      decisions[0] === undefined
        ? ""
        : `${describeObjective(decisions[0].objective)}${decisions[0].objective.per_benchmark ? ", on each benchmark by itself" : ""}`,
    ),
    fact("Plan", manifest.plan_digest),
    fact("mergesweep", manifest.mergesweep_version),
  ];
  return facts.flatMap((one) => one ?? []);
}

/** The protocol that the sweep names, with what was done otherwise. */
function named({ protocol }: Manifest): (PageFact | undefined)[] {
  if (protocol === undefined) return [];
  const { name, source, sha256, gives_up: givesUp = "", differences } = protocol;
  return [
    fact("Protocol", `${name} (${sha256.slice(0, 12)}), after ${source}`),
    fact("Given up", givesUp),
    fact("Different from the protocol", differences.length === 0 ? "nothing" : differences.join("\n")),
  ];
}

function fact(name: string, value: string): PageFact | undefined {
  return value === "" ? undefined : { name, value };
}

function distinct(values: readonly string[]): string {
  return [...new Set(values)].join("\n");
}

/** What a plan leaves at nothing was not asked of the sampler. */
function isSet(value: unknown): boolean {
  return value !== null && !(Array.isArray(value) && value.length === 0);
}

function written(value: unknown): string {
  return typeof value === "number" ? decimal(value, 6).replace(/\.?0+$/, "") : JSON.stringify(value);
}

function repeated(evaluated: StoredRun["evaluated"]): string {
  const [asked, same] = evaluated.reduce(
    ([a, s], { result }) => [a + (result.repeated?.asked ?? 0), s + (result.repeated?.same ?? 0)],
    [0, 0],
  );
  return asked === 0 ? "" : `${countOf(asked, "completion")} asked for again with the same seed, ${same} the same`;
}
