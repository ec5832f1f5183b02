import { alongW, type World } from "../../test/helpers/runs/worlds.ts";

/** A shape of accuracy along w whose truth is known. Tokens fall from 100 to 60: the larger w, the cheaper. */
export interface RaceFamily {
  readonly name: string;
  /** True accuracy by w. */
  readonly accuracy: (w: number) => number;
}

/** The families of the bench: the ends differ by 30 points, by 10, or by nothing. */
export const FAMILIES: readonly RaceFamily[] = [
  { name: "flat", accuracy: () => 0.8 },
  { name: "peak of 5", accuracy: (w) => 0.8 + 0.05 * Math.max(0, 1 - Math.abs(w - 0.5) / 0.3) },
  { name: "triangle of 10", accuracy: (w) => 0.7 + 0.1 * (1 - Math.abs(w - 0.5) / 0.5) },
  { name: "falling by 10", accuracy: (w) => 0.8 - 0.1 * w },
  { name: "falling by 30", accuracy: (w) => 0.8 - 0.3 * w },
  { name: "knee of 10", accuracy: (w) => 0.8 - 0.1 * Math.max(0, (w - 0.6) / 0.4) },
  { name: "knee of 30", accuracy: (w) => 0.8 - 0.3 * Math.max(0, (w - 0.6) / 0.4) },
  { name: "late rise of 10", accuracy: (w) => 0.7 + 0.1 * Math.max(0, (w - 0.8) / 0.2) },
];

/** A shape of accuracy over two axes; tokens fall with both. */
interface PlaneFamily {
  readonly name: string;
  readonly plane: (a: number, b: number) => number;
}

/** A hill beside the middle, and a slope along one axis while the other does nothing. */
export const PLANES: readonly PlaneFamily[] = [
  { name: "two axes, hill", plane: (a, b) => 0.8 - 0.3 * ((a - 0.4) * (a - 0.4) + (b - 0.6) * (b - 0.6)) },
  { name: "two axes, slope", plane: (a) => 0.8 - 0.3 * a },
];

/** Points along each of two axes. */
const SIDE = 6;

/** Coordinates of the points of a plane, a row after the other. */
export const PLANE_PLACES: readonly (readonly [number, number])[] = Array.from({ length: SIDE * SIDE }, (_, i) => [
  Math.floor(i / SIDE) / (SIDE - 1),
  (i % SIDE) / (SIDE - 1),
]);

/** A world of a plane. */
export function planeWorld({ plane }: PlaneFamily, questions: number, attempts: number): World {
  const points = PLANE_PLACES.map(([a, b]) => ({
    name: `a=${a},b=${b}`,
    axes: { a: String(a), b: String(b) },
    accuracy: plane(a, b),
    tokens: 100 - 20 * (a + b),
  }));
  return { points, axes: ["a", "b"], questions, attempts, greedy: attempts === 1, rho: 0.9 };
}

/** Points of the grid. */
const GRID = 11;

/** A world of a family: neighbours answer alike, and attempts are greedy, or drawn with luck of their own. */
export function familyWorld({ accuracy }: RaceFamily, questions: number, attempts: number): World {
  const points = alongW(
    Array.from({ length: GRID }, (_, i) => ({ accuracy: accuracy(i / (GRID - 1)), tokens: 100 - 4 * i })),
  );
  return { points, questions, attempts, greedy: attempts === 1, rho: 0.9 };
}
