import type { Manifest, PlannedBenchmark } from "../../runs/schema.ts";
import type { Protocol } from "../file/protocol.ts";

/** What a plan has decided of what a protocol fixes. */
interface Decided {
  readonly benchmarks: readonly PlannedBenchmark[];
  readonly generation: Readonly<Record<string, unknown>>;
  readonly scoring: Readonly<Record<string, unknown>>;
  readonly ggufType: string;
}

/** The protocol as a run's manifest names it, with everything in which the run differs from it, a line each. */
export function describeProtocol(protocol: Protocol, decided: Decided): NonNullable<Manifest["protocol"]> {
  const { name, sha256, source, gives_up: givesUp } = protocol;
  return {
    name,
    sha256,
    source,
    ...(givesUp === undefined ? {} : { gives_up: givesUp }),
    differences: differences(protocol, decided),
  };
}

function differences(protocol: Protocol, { benchmarks, generation, scoring, ggufType }: Decided): string[] {
  return [
    ...settings("", protocol.generation, generation),
    ...settings("scoring ", protocol.scoring, scoring),
    ...settings("", { "weights in": protocol.gguf_type }, { "weights in": ggufType }),
    ...protocol.benchmarks.flatMap((wanted) => {
      const asked = benchmarks.find(({ name }) => name === wanted.name);
      if (asked === undefined) return [`${wanted.name} is not asked`];
      const { version, prompt, attempts, data_sha256: data } = wanted;
      return settings(
        `${wanted.name}: `,
        { version, prompt, attempts, problems: Math.min(wanted.limit ?? wanted.questions, wanted.questions), data },
        { ...asked, problems: asked.samples, data: asked.data_sha256 },
      );
    }),
    ...benchmarks
      .filter(({ name }) => protocol.benchmarks.every((wanted) => wanted.name !== name))
      .map(({ name }) => `${name} is asked as well`),
  ];
}

function settings(
  where: string,
  wanted: Readonly<Record<string, unknown>>,
  found: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(wanted)
    .filter(([name, value]) => JSON.stringify(found[name]) !== JSON.stringify(value))
    .map(([name, value]) => `${where}${name} ${written(found[name])} instead of ${written(value)}`);
}

function written(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[0-9a-f]{64}$/.test(text) ? text.slice(0, 12) : text;
}
