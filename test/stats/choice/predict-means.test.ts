import { describe, expect, it } from "vitest";
import { predictMeans } from "../../../src/stats/choice/predict-means.ts";

const hill = (a: number, b: number): number => 0.8 - 0.2 * ((a - 0.4) * (a - 0.4) + (b - 0.6) * (b - 0.6));

describe("means that were not seen", () => {
  const places = [0, 0.5, 1].flatMap((a) => [0, 0.5, 1].map((b) => [a, b]));
  const means = places.map(([a = 0, b = 0]) => hill(a, b));
  const noise = (variance: number): Float64Array[] =>
    places.map((_, i) => Float64Array.from(places, (__, j) => (i === j ? variance : 0)));

  it("are those of a smooth surface through what was seen", () => {
    const [near, slope] = predictMeans({ places, means, covariance: noise(1e-6) }, [
      [0.4, 0.6],
      [0.25, 0.75],
    ]);
    expect(Math.abs((near?.mean ?? 0) - hill(0.4, 0.6))).toBeLessThan(0.01);
    expect(Math.abs((slope?.mean ?? 0) - hill(0.25, 0.75))).toBeLessThan(0.01);
    expect(near?.mean).toBeGreaterThan(Math.max(...means.filter((_, i) => i !== 4)));
  });

  it("are the less certain the farther they are and the noisier what was seen is", () => {
    const corner = { places: places.slice(0, 3), means: means.slice(0, 3), covariance: noise(1e-6).slice(0, 3) };
    const [near, far] = predictMeans(corner, [
      [0.1, 0.5],
      [1, 0.5],
    ]);
    expect(far?.sd).toBeGreaterThan(2 * (near?.sd ?? 1));
    const [sharp] = predictMeans({ places, means, covariance: noise(1e-6) }, [[0.5, 0.4]]);
    const [dull] = predictMeans({ places, means, covariance: noise(1e-3) }, [[0.5, 0.4]]);
    expect(dull?.sd).toBeGreaterThan(1.5 * (sharp?.sd ?? 1));
  });
});
