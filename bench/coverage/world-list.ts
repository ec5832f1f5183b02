import { alongW, type World, type WorldPoint } from "../../test/helpers/runs/worlds.ts";

/** A world of the bench: what is drawn, and whether anything differs in truth. */
export interface ListedWorld {
  readonly name: string;
  readonly worlds: readonly World[];
  /** Whether paired differences are expected at ten questions or more. */
  readonly dense: boolean;
}

const flat = (points: number, accuracy: number): WorldPoint[] =>
  alongW(Array.from({ length: points }, () => ({ accuracy, format: 0.95, tokens: 100 })));

const curve = (values: readonly number[], tokens: (i: number) => number = () => 100): WorldPoint[] =>
  alongW(values.map((accuracy, i) => ({ accuracy, format: 0.95, tokens: tokens(i) })));

const eleven = (of: (w: number) => number): number[] => Array.from({ length: 11 }, (_, i) => of(i / 10));

function flatWorld(n: number, k: number, points: number, percent: number, rho: number): ListedWorld {
  const differing = 2 * n * (percent / 100) * (1 - percent / 100) * (1 - rho) + (k > 1 ? n / 4 : 0);
  return {
    name: `flat ${percent}%, n=${n}, ${k === 1 ? "greedy" : `k=${k}`}, ${points} points, rho ${rho}`,
    worlds: [{ points: flat(points, percent / 100), questions: n, attempts: k, greedy: k === 1, rho }],
    dense: differing >= 10,
  };
}

function curveWorld(name: string, n: number, k: number, values: readonly number[]): ListedWorld {
  const points = curve(values, (i) => 100 - 4 * i);
  return {
    name: `${name}, n=${n}, ${k === 1 ? "greedy" : `k=${k}`}`,
    worlds: [{ points, questions: n, attempts: k, greedy: k === 1, rho: 0.9 }],
    dense: n >= 100,
  };
}

/** The worlds of `npm run bench coverage`, the quick ones first in each group. */
export const WORLDS: readonly ListedWorld[] = [
  flatWorld(30, 1, 3, 50, 0.8),
  flatWorld(30, 1, 5, 10, 0.95),
  flatWorld(30, 10, 5, 2, 0.9),
  flatWorld(30, 10, 3, 50, 0),
  flatWorld(40, 4, 5, 10, 0.9),
  flatWorld(40, 4, 3, 98, 0.8),
  flatWorld(40, 1, 11, 80, 0.95),
  flatWorld(200, 1, 3, 2, 0.9),
  flatWorld(200, 1, 5, 50, 0),
  flatWorld(200, 1, 11, 80, 0.95),
  flatWorld(200, 4, 5, 10, 0.9),
  flatWorld(200, 10, 3, 90, 0.8),
  flatWorld(500, 1, 5, 98, 0.9),
  flatWorld(500, 1, 11, 90, 0.95),
  flatWorld(500, 4, 5, 50, 0.9),
  curveWorld(
    "falling by 10",
    200,
    1,
    eleven((w) => 0.8 - 0.1 * w),
  ),
  curveWorld(
    "falling by 30",
    200,
    4,
    eleven((w) => 0.8 - 0.3 * w),
  ),
  curveWorld(
    "knee of 10",
    500,
    1,
    eleven((w) => 0.8 - 0.1 * Math.max(0, (w - 0.6) / 0.4)),
  ),
  curveWorld(
    "peak of 5",
    500,
    1,
    eleven((w) => 0.8 + 0.05 * Math.max(0, 1 - Math.abs(w - 0.5) / 0.3)),
  ),
  curveWorld(
    "late rise of 10",
    500,
    1,
    eleven((w) => 0.8 + 0.1 * Math.max(0, (w - 0.8) / 0.2)),
  ),
  {
    name: "two axes with failed points, d acts, w does not, n=200, greedy",
    worlds: [{ points: failedGrid(), axes: ["w", "d"], questions: 200, rho: 0.9 }],
    dense: true,
  },
  {
    name: "twins: w=0.5 is w=0 again, falling by 10, n=200, greedy",
    worlds: [{ points: twins(), questions: 200, rho: 0.9 }],
    dense: true,
  },
  {
    name: "three benchmarks 30x10, 100x4, 200x1, flat 60%",
    worlds: [
      { points: flat(5, 0.6), questions: 30, attempts: 10, greedy: false },
      { points: flat(5, 0.6), questions: 100, attempts: 4, greedy: false },
      { points: flat(5, 0.6), questions: 200, attempts: 1, greedy: false },
    ],
    dense: true,
  },
  {
    name: "truncation rising to 20%, n=200, k=4",
    worlds: [
      {
        points: alongW(Array.from({ length: 5 }, (_, i) => ({ accuracy: 0.7, truncated: 0.05 * i }))),
        questions: 200,
        attempts: 4,
        greedy: false,
      },
    ],
    dense: true,
  },
];

/** Two points of one weight among five: one point in all comparisons. */
function twins(): WorldPoint[] {
  const [first, ...others] = curve([0.8, 0.775, 0.8, 0.725, 0.7]);
  return first === undefined
    ? []
    : [first, ...others.map((point) => (point.name === "w=0.5" ? { ...point, twinOf: first.name } : point))];
}

function failedGrid(): WorldPoint[] {
  const all = [0, 0.5, 1].flatMap((w) =>
    [0, 1].map((d) => ({
      name: `w=${w},d=${d}`,
      axes: { w: String(w), d: String(d) },
      accuracy: d === 1 ? 0.85 : 0.7,
      format: 0.95,
      tokens: 100,
    })),
  );
  return all.filter(({ name }) => name !== "w=1,d=0");
}
