/** Units of measurement by what people write, singular; each has one canonical name. */
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
  gallon: "gal",
  quart: "qt",
  cup: "cup",
  degree: "deg",
  radian: "rad",
  dollar: "dollar",
  cent: "cent",
  euro: "euro",
  joule: "J",
  newton: "N",
  watt: "W",
  volt: "V",
  hertz: "Hz",
  kelvin: "K",
  ml: "mL",
  mph: "mi/h",
};
const SYMBOLS: ReadonlySet<string> = new Set(
  Object.values(NAMES).concat(
    "nm",
    "um",
    "km",
    "keV",
    "eV",
    "MeV",
    "GeV",
    "kJ",
    "kPa",
    "Pa",
    "kHz",
    "MHz",
    "mol",
    "pc",
    "Mpc",
    "AU",
    "ms",
    "ns",
    "am",
    "pm",
  ),
);

/** One writing for every unit: `square centimeters` and `cm^{2}` are both `cm^2`. */
function canonicalUnit(unit: string): string {
  if (unit === "") return "";
  let text = unit
    .replace(/\\circ|\^\{\\circ\}|\^\\circ/g, "deg")
    .replace(/[{}\\]/g, "")
    .replace(/\^deg/g, "deg")
    .trim();
  text = text
    .replace(/\bper\b/g, "/")
    .replace(/\b(?:square|sq)\s*(\w+)/g, "$1^2")
    .replace(/\b(?:cubic|cu)\s*(\w+)/g, "$1^3")
    .replace(/\b(\w+) squared\b/g, "$1^2")
    .replace(/\b(\w+) cubed\b/g, "$1^3");
  return text
    .split(/(?<=[/*^])|(?=[/*^])|\s+/)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(canonicalWord)
    .join("");
}

function canonicalWord(word: string): string {
  const singular = word.length > 2 ? word.replace(/s$/, "") : word;
  return NAMES[word.toLowerCase()] ?? NAMES[singular.toLowerCase()] ?? (SYMBOLS.has(word) ? word : singular);
}

/** Whether two units contradict each other: both are known and are not the same. Other words are no units and say nothing. */
export function unitsConflict(a: string, b: string): boolean {
  const [x, y] = [canonicalUnit(a), canonicalUnit(b)];
  return x !== "" && y !== "" && x !== y && isKnown(x) && isKnown(y);
}

function isKnown(unit: string): boolean {
  return unit
    .split(/[/*]/)
    .every((part) => SYMBOLS.has(part.replace(/\^.*$/, "")) || /^mod\w/.test(part) || /^mod\w/.test(part));
}
