import { ConfigError } from "../../base/errors.ts";
import type { OwnBenchmark } from "../../benchmarks/define-benchmark.ts";
import type { MergeMethod } from "../../merge/methods/method.ts";
import { type OwnMergeMethod, ownName } from "../../merge/methods/own-method.ts";
import type { OwnScorer } from "../../scorers/own-scorer.ts";

/**
 * What a caller brings along in code. Names and versions are kept in the run store: another version of a merge method or a
 * benchmark is refused there, another version of a scorer scores the stored completions again.
 */
export interface OwnParts {
  /** For the `merge_method` of the recipe; made by `defineMergeMethod`. */
  readonly methods?: readonly OwnMergeMethod[] | undefined;
  /** For the sweep's `benchmarks`, which name them; made by `defineBenchmark`. */
  readonly benchmarks?: readonly OwnBenchmark[] | undefined;
  /** Each completion is scored by these, too; made by `defineScorer`. */
  readonly scorers?: readonly OwnScorer[] | undefined;
}

/** What a plan says of the merge method, where it is one of the caller's own: `{ merge_method: "mine@2" }`. */
export function ownMethodOf(methods: readonly MergeMethod[]): { own?: { merge_method: string } } {
  const [name] = methods.flatMap((method) => ownName(method) ?? []);
  return name === undefined ? {} : { own: { merge_method: name } };
}

/** @throws ConfigError if two parts of a kind have one name */
export function refuseTwins({ methods = [], benchmarks = [], scorers = [] }: OwnParts): void {
  for (const [kind, parts] of Object.entries({ methods, benchmarks, scorers })) {
    const names = parts.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new ConfigError(`${kind}: expected one ${twice}, found two`);
  }
}
