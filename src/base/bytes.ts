const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** A size for a person: `3.55 GB`. Powers of 1000, as disks are sold. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${UNITS[unit]}`;
}

/** Rounds up to a multiple of `alignment`, by division: right beyond 2^32, where the bit-mask form is not. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
