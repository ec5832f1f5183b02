/** How a series looks: colour, marker and dash together, so that it is told apart in print and by the colour-blind. */
export interface Style {
  readonly color: string;
  /** A shade of the colour that is readable as text on the theme's ground: contrast of at least 4.5 to 1. */
  readonly text: string;
  readonly marker: "circle" | "rectRot" | "triangle" | "rect" | "star" | "crossRot" | "cross";
  readonly dash: readonly number[];
}

/** `light` for paper and README, `dark` for slides and dark pages. */
export type ThemeName = "light" | "dark";

/** The colours of a picture. */
export interface Theme {
  readonly name: ThemeName;
  readonly ground: string;
  readonly title: string;
  readonly ink: string;
  /** Subtitles and captions. */
  readonly faint: string;
  readonly grid: string;
  readonly border: string;
  readonly leader: string;
  /** What belongs to no series: fronts, references of a grid. */
  readonly neutral: Style;
  /** Colours of Okabe and Ito (without the yellow, which white swallows), and black or white. */
  readonly styles: readonly Style[];
}

const MARKS: readonly Pick<Style, "marker" | "dash">[] = [
  { marker: "circle", dash: [] },
  { marker: "rectRot", dash: [6, 4] },
  { marker: "triangle", dash: [2, 3] },
  { marker: "rect", dash: [10, 3, 2, 3] },
  { marker: "star", dash: [4, 2] },
  { marker: "crossRot", dash: [12, 4] },
  { marker: "cross", dash: [1, 3] },
];

function styles(colors: readonly (readonly [color: string, text: string])[]): Style[] {
  return MARKS.map((mark, i) => ({ color: colors[i]?.[0] ?? "#888888", text: colors[i]?.[1] ?? "#888888", ...mark }));
}

export const THEMES: Readonly<Record<ThemeName, Theme>> = {
  light: {
    name: "light",
    ground: "#ffffff",
    title: "#111111",
    ink: "#333333",
    faint: "#555555",
    grid: "#e6e6e6",
    border: "#999999",
    leader: "#8a8a8a",
    neutral: { color: "#6b6b6b", text: "#444444", marker: "circle", dash: [] },
    styles: styles([
      ["#0072B2", "#005a8e"],
      ["#D55E00", "#a84a00"],
      ["#009E73", "#00694f"],
      ["#CC79A7", "#96486f"],
      ["#56B4E9", "#1f6a97"],
      ["#E69F00", "#825900"],
      ["#000000", "#000000"],
    ]),
  },
  dark: {
    name: "dark",
    ground: "#14171c",
    title: "#f4f4f4",
    ink: "#d6d9de",
    faint: "#a9b0ba",
    grid: "#2d323a",
    border: "#6a7280",
    leader: "#8a919c",
    neutral: { color: "#9aa1ab", text: "#c3c8d0", marker: "circle", dash: [] },
    styles: styles([
      ["#3fa0e0", "#6bb9ee"],
      ["#f07f2d", "#f59a57"],
      ["#1fc496", "#3fd6ac"],
      ["#dc93bb", "#e6aecb"],
      ["#86cdf5", "#9bd6f8"],
      ["#f0b32e", "#f4c35c"],
      ["#ffffff", "#ffffff"],
    ]),
  },
};

/** The look of a series by its number; beyond the last the colours come again with another marker. Negative is neutral. */
export function styleOf(index: number, theme: Theme = THEMES.light): Style {
  const all = theme.styles;
  const own = all[index % all.length];
  if (index < 0 || own === undefined) return theme.neutral;
  const other = all[(index + Math.floor(index / all.length)) % all.length];
  return { ...own, marker: other?.marker ?? own.marker };
}

/** Stops of cividis: luminance rises evenly, and it looks alike to the colour-blind and in greyscale. */
const CIVIDIS: readonly (readonly [number, number, number])[] = [
  [0, 34, 78],
  [42, 63, 109],
  [87, 92, 109],
  [124, 123, 120],
  [165, 156, 116],
  [210, 192, 96],
  [254, 232, 56],
];

/** The colour at a place from 0 to 1 of the scale of heat, and black or white to write on it. */
export function heatColor(place: number): { readonly color: string; readonly text: string } {
  const at = Math.min(1, Math.max(0, place)) * (CIVIDIS.length - 1);
  const [low, high] = [CIVIDIS[Math.floor(at)] ?? [0, 0, 0], CIVIDIS[Math.ceil(at)] ?? [0, 0, 0]];
  const [r, g, b] = [0, 1, 2].map((i) => {
    const [from, to] = [low[i] ?? 0, high[i] ?? 0];
    return Math.round(from + (to - from) * (at - Math.floor(at)));
  });
  return { color: `rgb(${r}, ${g}, ${b})`, text: place > 0.5 ? "#000000" : "#ffffff" };
}
