/** How a series looks: colour, marker and dash together, so that it is told apart in print and by the colour-blind. */
export interface Style {
  readonly color: string;
  /** A darker shade of the colour, readable as text on white. */
  readonly text: string;
  readonly marker: "circle" | "rectRot" | "triangle" | "rect" | "star" | "crossRot" | "cross";
  readonly dash: readonly number[];
}

/** What belongs to no series: fronts, references of a grid. */
const NEUTRAL: Style = { color: "#6b6b6b", text: "#444444", marker: "circle", dash: [] };

/** Colours of Okabe and Ito (without the yellow, which white swallows), and black. */
const STYLES: readonly Style[] = [
  { color: "#0072B2", text: "#005a8e", marker: "circle", dash: [] },
  { color: "#D55E00", text: "#a84a00", marker: "rectRot", dash: [6, 4] },
  { color: "#009E73", text: "#00745a", marker: "triangle", dash: [2, 3] },
  { color: "#CC79A7", text: "#9c4f79", marker: "rect", dash: [10, 3, 2, 3] },
  { color: "#56B4E9", text: "#2a7fb0", marker: "star", dash: [4, 2] },
  { color: "#E69F00", text: "#946600", marker: "crossRot", dash: [12, 4] },
  { color: "#000000", text: "#000000", marker: "cross", dash: [1, 3] },
];

/** The look of a series by its number; beyond the last the colours come again with another marker. Negative is neutral. */
export function styleOf(index: number): Style {
  const own = STYLES[index % STYLES.length];
  if (index < 0 || own === undefined) return NEUTRAL;
  const other = STYLES[(index + Math.floor(index / STYLES.length)) % STYLES.length];
  return { ...own, marker: other?.marker ?? own.marker };
}
