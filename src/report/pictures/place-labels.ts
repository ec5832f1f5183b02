/** A rectangle in pixels, y downwards. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A text to be written near a place. */
export interface LabelRequest {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedLabel extends LabelRequest {
  readonly box: Box;
  /** Far enough from its place that a line should lead there. */
  readonly leader: boolean;
}

/** Distances to try, in pixels from the place to the label's edge; beyond the first two a leader line is drawn. */
const DISTANCES = [8, 12, 18, 26, 36, 48, 62, 78];
/** Directions to try, in turns of the circle from the right; above and below before the sides, where whiskers are fewer. */
const DIRECTIONS = [
  7 / 8,
  1 / 8,
  5 / 8,
  3 / 8,
  0,
  1 / 2,
  3 / 4,
  1 / 4,
  13 / 16,
  15 / 16,
  1 / 16,
  3 / 16,
  9 / 16,
  11 / 16,
];

/**
 * Finds places for labels: the nearest that touches no obstacle (markers), no other label, and stays inside. A label that finds
 * none is left out. The first ones are placed first, so the same picture comes out every time.
 */
export function placeLabels<Request extends LabelRequest>(
  requests: readonly Request[],
  obstacles: readonly Box[],
  soft: readonly Box[],
  inside: Box,
): (Request & PlacedLabel)[] {
  const taken: Box[] = [...obstacles];
  return requests.flatMap((request) => {
    let best: { box: Box; cost: number; distance: number } | undefined;
    for (const distance of DISTANCES) {
      for (const turn of DIRECTIONS) {
        const box = boxAt(request, distance, turn);
        if (outside(box, inside) > 0 || taken.some((other) => overlap(box, other) > 0)) continue;
        const cost = 0.6 * soft.reduce((total, other) => total + overlap(box, other), 0) + distance;
        if (best === undefined || cost < best.cost) best = { box, cost, distance };
      }
    }
    if (best === undefined) return [];
    taken.push(best.box);
    return [{ ...request, box: best.box, leader: best.distance > 18 }];
  });
}

function boxAt({ x, y, width, height }: LabelRequest, distance: number, turn: number): Box {
  const [dx, dy] = [Math.cos(2 * Math.PI * turn), Math.sin(2 * Math.PI * turn)];
  const centerX = x + dx * (distance + width / 2);
  const centerY = y + dy * (distance + height / 2);
  return {
    left: centerX - width / 2,
    right: centerX + width / 2,
    top: centerY - height / 2,
    bottom: centerY + height / 2,
  };
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

function outside(box: Box, inside: Box): number {
  return (
    Math.max(0, inside.left - box.left) +
    Math.max(0, box.right - inside.right) +
    Math.max(0, inside.top - box.top) +
    Math.max(0, box.bottom - inside.bottom)
  );
}

/** Moves labels of horizontal lines apart so that they stand under one another; keeps their order. */
export function spread(centers: readonly number[], height: number, top: number, bottom: number): number[] {
  const order = centers.map((center, index) => ({ center, index })).toSorted((a, b) => a.center - b.center);
  let last = Number.NEGATIVE_INFINITY;
  const placed = order.map(({ center, index }) => {
    last = Math.max(center, last + height, top + height / 2);
    return { index, y: last };
  });
  let next = Number.POSITIVE_INFINITY;
  const result = [...centers];
  for (const { index, y } of placed.toReversed()) {
    next = Math.min(y, next - height, bottom - height / 2);
    result[index] = next;
  }
  return result;
}
