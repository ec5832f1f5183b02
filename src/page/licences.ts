import colorLicence from "../../node_modules/@kurkle/color/LICENSE.md";
import chartLicence from "../../node_modules/chart.js/LICENSE.md";
import diffLicence from "../../node_modules/diff/LICENSE";
import katexLicence from "../../node_modules/katex/LICENSE";

/** The licence texts of what is bundled into the page. */
export const LICENCES: readonly (readonly [name: string, text: string])[] = [
  ["Chart.js", chartLicence],
  ["@kurkle/color", colorLicence],
  ["KaTeX", katexLicence],
  ["jsdiff", diffLicence],
];
