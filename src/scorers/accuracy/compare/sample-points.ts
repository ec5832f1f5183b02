import { deriveSeed, type RandomSource, seededRandom } from "../../../base/random.ts";
import type { Complex } from "../values/complex.ts";
import type { Bindings } from "../values/evaluate.ts";
import { type Node, variablesOf, walk } from "../values/nodes.ts";
import { isComplexName } from "./names.ts";

const TRIALS = 8;
/** Points at which two expressions must agree, and none at which they do not. */
export const NEEDED = 3;

/** Values of variables. `positive`: real ones are above zero, so that no root leaves the real numbers for its sign alone. */
export interface Point {
  readonly at: Bindings;
  readonly positive: boolean;
}

/** Seeded points: half of them with positive coordinates only. A variable has the same values in every comparison. */
export function pointsFor(names: ReadonlySet<string>, complex: ReadonlySet<string>): Point[] {
  const sources = [...names].slice(0, 40).map((name): [string, RandomSource] => [name, sourceFor(name)]);
  return Array.from({ length: TRIALS }, (_, trial) => {
    const positive = trial % 2 === 0;
    const at = sources.map(([name, random]): [string, number | Complex] => {
      const value = 0.3 + 2.1 * random();
      if (complex.has(name)) return [name, { re: value - 1, im: (random() < 0.5 ? -1 : 1) * (0.2 + random()) }];
      return [name, !positive && random() < 0.6 ? -value : value];
    });
    return { positive: positive || complex.size > 0, at: new Map(at) };
  });
}

const SEEDS = new Map<string, number>();

function sourceFor(name: string): RandomSource {
  let seed = SEEDS.get(name);
  if (seed === undefined) {
    seed = deriveSeed("grading-point", name);
    if (SEEDS.size < 1000) SEEDS.set(name, seed);
  }
  return seededRandom(seed);
}

const NO_NAMES: ReadonlySet<string> = new Set();
const OF_COMPLEX: ReadonlySet<string> = new Set(["Re", "Im", "conj", "arg", "Arg"]);

/** The variables of two expressions that stand for complex numbers: what Re, Im, arg and bars are of, and z beside i or in |z|. */
export function complexNames(a: Node, b: Node): ReadonlySet<string> {
  const names = new Set<string>();
  let [hasUnit, inside]: [boolean, Set<string>] = [false, new Set()];
  for (const node of [a, b]) {
    walk(node, (inner) => {
      if (inner.kind === "const" && inner.name === "i") hasUnit = true;
      else if (inner.kind === "sym" && isComplexName(inner.name)) inside.add(inner.name);
      else if (inner.kind === "fn" && (OF_COMPLEX.has(inner.name) || inner.name === "abs")) {
        for (const name of variablesOf(inner)) if (inner.name !== "abs" || isComplexName(name)) names.add(name);
      }
    });
  }
  if (names.size === 0 && !(hasUnit && inside.size > 0)) return NO_NAMES;
  for (const name of inside) names.add(name);
  return names;
}

/** Whether a value is one that doubles can tell from others. */
export function isFiniteComplex(a: Complex): boolean {
  return Number.isFinite(a.re) && Number.isFinite(a.im) && Math.abs(a.re) < 1e200;
}
