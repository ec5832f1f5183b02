/** Letters that fit below the end of an axis, and into a margin. */
const LONGEST = 16;

/** A name that fits, cut where it is too long. */
export function shortened(name: string, longest = LONGEST): string {
  return name.length > longest ? `${name.slice(0, longest - 1)}…` : name;
}

/**
 * Names that fit and stay different: what all of the long ones begin with is left out first, then the middle. Where that does
 * not tell them apart, they are numbered.
 */
export function shortNames(names: readonly string[], longest = LONGEST): Map<string, string> {
  const distinct = [...new Set(names)];
  const long = distinct.filter((name) => name.length > longest);
  const common = long.length < 2 ? 0 : commonStart(long);
  const shorten = (name: string): string => {
    if (name.length <= longest) return name;
    const rest = common > 2 ? `…${name.slice(common)}` : name;
    if (rest.length <= longest) return rest;
    const tail = Math.floor((longest - 1) / 2);
    return `${rest.slice(0, longest - 1 - tail)}…${rest.slice(-tail)}`;
  };
  const seen = new Map<string, number>();
  return new Map(
    distinct.map((name) => {
      const short = shorten(name);
      const count = (seen.get(short) ?? 0) + 1;
      seen.set(short, count);
      return [name, count === 1 ? short : `${short} (${count})`];
    }),
  );
}

/** Letters that all of the names begin with, up to the last place between two words. */
function commonStart(names: readonly string[]): number {
  const [first = ""] = names;
  let length = 0;
  while (length < first.length && names.every((name) => name[length] === first[length])) length++;
  while (length > 0 && !/[-_/. ]/.test(first[length - 1] ?? "")) length--;
  return length;
}
