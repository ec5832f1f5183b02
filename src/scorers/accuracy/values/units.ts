/** Units of measurement by what people write, in lower case and singular; each has one canonical name. */
const NAMES: Readonly<Record<string, string>> = {
  centimeter: "cm",
  centimetre: "cm",
  meter: "m",
  metre: "m",
  kilometer: "km",
  kilometre: "km",
  millimeter: "mm",
  millimetre: "mm",
  inch: "in",
  inche: "in",
  foot: "ft",
  feet: "ft",
  yard: "yd",
  mile: "mi",
  kilogram: "kg",
  gram: "g",
  milligram: "mg",
  pound: "lb",
  lb: "lb",
  ounce: "oz",
  ton: "ton",
  tonne: "ton",
  second: "s",
  sec: "s",
  minute: "min",
  hour: "h",
  hr: "h",
  day: "day",
  week: "week",
  month: "month",
  year: "yr",
  liter: "L",
  litre: "L",
  milliliter: "mL",
  millilitre: "mL",
  ml: "mL",
  gallon: "gal",
  quart: "qt",
  cup: "cup",
  degree: "deg",
  circ: "deg",
  celsius: "C",
  fahrenheit: "F",
  radian: "rad",
  dollar: "dollar",
  usd: "dollar",
  cent: "cent",
  euro: "euro",
  joule: "J",
  newton: "N",
  watt: "W",
  volt: "V",
  hertz: "Hz",
  kelvin: "K",
  am: "am",
  pm: "pm",
};
const SYMBOLS: ReadonlySet<string> = new Set(
  "nm um keV eV MeV GeV kJ kPa Pa kHz MHz mol pc Mpc AU ms ns kW kN".split(" ").concat(Object.values(NAMES)),
);
/** Units that are written as one word and are a quotient. */
const QUOTIENTS: Readonly<Record<string, readonly [string, string]>> = {
  mph: ["mi", "h"],
  kph: ["km", "h"],
  kmh: ["km", "h"],
};
/** Words for the exponent of what follows, or of what stands before. */
const EXPONENT_BEFORE: Readonly<Record<string, number>> = { square: 2, sq: 2, cubic: 3, cu: 3 };
const EXPONENT_AFTER: Readonly<Record<string, number>> = { squared: 2, cubed: 3 };

/** One writing for every unit: `square centimeters` and `cm^{2}` are both `cm^2`, `m/s` and `\frac{m}{s}` both `m s^-1`. */
export function canonicalUnit(unit: string): string {
  const factors = new Map<string, number>();
  let last = "";
  let exponent = 1;
  let sign = 1;
  const add = (name: string, power: number): void => {
    factors.set(name, (factors.get(name) ?? 0) + power);
    last = name;
  };
  const words =
    unit.replace(/\\?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}/g, "$1 / $2").match(/\p{L}+\d*|-?\s*\d+|\//gu) ?? [];
  for (const word of words) {
    const lower = word.toLowerCase();
    if (word === "/" || lower === "per") sign = -1;
    else if (EXPONENT_BEFORE[lower] !== undefined) exponent = EXPONENT_BEFORE[lower];
    else if (/^-?\s*\d+$/.test(word) || EXPONENT_AFTER[lower] !== undefined) {
      const power = EXPONENT_AFTER[lower] ?? Number(word.replace(/\s/g, ""));
      if (last !== "") factors.set(last, (factors.get(last) ?? 0) * power);
    } else {
      const [over, under] = QUOTIENTS[lower] ?? [canonicalWord(word)];
      add(over, sign * exponent);
      if (under !== undefined) add(under, -sign * exponent);
      [sign, exponent] = [1, 1];
    }
  }
  return [...factors]
    .map(([name, power]) => (power === 1 ? name : `${name}^${power}`))
    .toSorted()
    .join(" ");
}

function canonicalWord(word: string): string {
  const singular = word.length > 2 ? word.replace(/s$/, "") : word;
  return NAMES[word.toLowerCase()] ?? NAMES[singular.toLowerCase()] ?? (SYMBOLS.has(word) ? word : singular);
}

/** Whether two units contradict each other: both are known and are not the same. Other words are no units and say nothing. */
export function unitsConflict(a: string, b: string): boolean {
  if (a === b || a === "" || b === "") return false;
  const [x, y] = [canonicalUnit(a), canonicalUnit(b)];
  return x !== "" && y !== "" && x !== y && isKnown(x) && isKnown(y);
}

function isKnown(unit: string): boolean {
  return unit.split(" ").every((part) => SYMBOLS.has(part.replace(/\^.*$/, "")) || isModulus(part));
}

/** Whether a unit is the modulus of a congruence: `mod7`. */
export function isModulus(unit: string): boolean {
  return /^\s*mod\w+$/.test(unit);
}
