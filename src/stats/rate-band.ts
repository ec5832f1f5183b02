import { power } from "../base/power.ts";
import { deriveSeed, seededRandom } from "../base/random.ts";
import { normalQuantile } from "./distributions.ts";
import { type MeasureColumns, upperQuantile, weightsOfValues } from "./family.ts";
import { CONFIDENCE } from "./interval.ts";
import { cholesky } from "./matrix.ts";
import { normalDraws } from "./normal-draws.ts";
import { weightsOf } from "./weights.ts";

/** Draws of the multivariate t. */
const DRAWS = 1999;

/** Critical values for the rates of all points of a curve at once. */
export interface RateBand {
  /** Both ways: put into the interval of every rate, all of them hold at the same time. */
  readonly critical: number;
  /** One way, at half the error: for the lower end of a point that was chosen because its rate is high. */
  readonly winner: number;
}

/**
 * The critical value of a simultaneous band for rates: of a multivariate t with the correlation that the points have over
 * questions (as Hothorn, Bretz and Westfall 2008), shrunk by the two pseudo-questions.
 *
 * @param measure a column a point
 */
export function rateBand(measure: MeasureColumns, seed: string, confidence: number = CONFIDENCE): RateBand {
  const { columns } = measure;
  const factor = cholesky(shrunkCorrelation(measure));
  const questions = Math.min(
    ...columns.map((column) => column.reduce((n, value) => n + (Number.isNaN(value) ? 0 : 1), 0)),
  );
  const degrees = Math.max(1, questions - 1);
  const normal = normalDraws(seededRandom(deriveSeed("rate band", seed)));
  const [widest, highest] = [new Float64Array(DRAWS), new Float64Array(DRAWS)];
  const z = new Float64Array(columns.length);
  for (let draw = 0; draw < DRAWS; draw++) {
    for (let i = 0; i < z.length; i++) z[i] = normal();
    const scale = Math.sqrt(chiSquare(normal, degrees) / degrees);
    let [most, up] = [0, Number.NEGATIVE_INFINITY];
    for (let i = 0; i < z.length; i++) {
      const row = factor[i];
      let x = 0;
      for (let k = 0; k <= i; k++) x += (row?.[k] ?? 0) * (z[k] ?? 0);
      most = Math.max(most, Math.abs(x / scale));
      up = Math.max(up, x / scale);
    }
    widest[draw] = most;
    highest[draw] = up;
  }
  const part = 1 - (1 - confidence) / 2;
  // Draws of one point, or of points that answer alike, may fall below: a band is never narrower than one interval.
  const floor = normalQuantile(part);
  return {
    critical: Math.max(upperQuantile(widest, confidence), floor),
    winner: Math.max(upperQuantile(highest, part), floor),
  };
}

/** Over so many degrees of freedom a chi-square is a normal one for this purpose (Wilson and Hilferty 1931). */
const MANY_DEGREES = 60;

function chiSquare(normal: () => number, degrees: number): number {
  if (degrees > MANY_DEGREES) {
    const spread = 2 / (9 * degrees);
    return degrees * power(1 - spread + normal() * Math.sqrt(spread), 3);
  }
  let total = 0;
  for (let i = 0; i < degrees; i++) total += normal() ** 2;
  return total;
}

/** Correlation over the questions that both points were asked, 0 with a point that does not vary, times n / (n + 2). */
function shrunkCorrelation(measure: MeasureColumns): Float64Array[] {
  const { columns } = measure;
  const rows = columns.map(() => new Float64Array(columns.length));
  columns.forEach((a, i) => {
    rows[i]?.fill(1, i, i + 1);
    for (let j = 0; j < i; j++) {
      const r = correlation(measure, a, columns[j] ?? a);
      rows[i]?.fill(r, j, j + 1);
      rows[j]?.fill(r, i, i + 1);
    }
  });
  return rows;
}

function correlation(measure: MeasureColumns, a: Float64Array, b: Float64Array): number {
  const both = measure.strata === undefined ? a : a.map((value, q) => value + (b[q] ?? Number.NaN));
  const weightOf = weightsOf(weightsOfValues(measure, both));
  let [n, total, sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0, 0, 0];
  for (let q = 0; q < a.length; q++) {
    const [x, y] = [a[q] ?? Number.NaN, b[q] ?? Number.NaN];
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    const weight = weightOf(q);
    n++;
    total += weight;
    sa += weight * x;
    sb += weight * y;
    saa += weight * x * x;
    sbb += weight * y * y;
    sab += weight * x * y;
  }
  const [va, vb] = [saa - (sa * sa) / total, sbb - (sb * sb) / total];
  if (n === 0 || va <= 1e-12 || vb <= 1e-12) return 0;
  return ((sab - (sa * sb) / total) / Math.sqrt(va * vb)) * (n / (n + 2));
}
