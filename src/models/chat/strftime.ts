const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/**
 * A date as Python's strftime writes it in the C locale, whatever the locale of this machine is.
 * @throws Error for a directive that chat templates do not use
 */
export function strftime(date: Date, format: string): string {
  return format.replaceAll(/%(-?)([a-zA-Z%])/g, (directive, bare: string, letter: string) => {
    const text = part(date, letter);
    if (text === undefined) throw new Error(`strftime_now: the directive ${directive} is not known`);
    return bare === "-" ? text.replace(/^0(?=\d)/, "") : text;
  });
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function part(date: Date, letter: string): string | undefined {
  const day = DAYS[date.getDay()] ?? "";
  const month = MONTHS[date.getMonth()] ?? "";
  const hours = date.getHours();
  switch (letter) {
    case "Y":
      return String(date.getFullYear());
    case "y":
      return two(date.getFullYear() % 100);
    case "m":
      return two(date.getMonth() + 1);
    case "d":
      return two(date.getDate());
    case "e":
      return String(date.getDate()).padStart(2, " ");
    case "B":
      return month;
    case "b":
    case "h":
      return month.slice(0, 3);
    case "A":
      return day;
    case "a":
      return day.slice(0, 3);
    case "H":
      return two(hours);
    case "I":
      return two(hours % 12 === 0 ? 12 : hours % 12);
    case "M":
      return two(date.getMinutes());
    case "S":
      return two(date.getSeconds());
    case "p":
      return hours < 12 ? "AM" : "PM";
    case "F":
      return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    case "%":
      return "%";
    default:
      return undefined;
  }
}
