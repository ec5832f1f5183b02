/** Signs with a LaTeX spelling, by spelling; each is written with a space after it. */
const SPELLINGS: Readonly<Record<string, string>> = {
  times: "×✕✖",
  cdot: "·⋅∙•",
  div: "÷",
  infty: "∞",
  le: "≤⩽≦",
  ge: "≥⩾≧",
  ne: "≠",
  approx: "≈≃≅",
  equiv: "≡",
  cup: "∪⋃",
  cap: "∩",
  in: "∈",
  notin: "∉",
  subset: "⊂",
  subseteq: "⊆",
  emptyset: "∅Ø",
  setminus: "∖",
  pm: "±",
  mp: "∓",
  langle: "⟨〈",
  rangle: "⟩〉",
  lfloor: "⌊",
  rfloor: "⌋",
  lceil: "⌈",
  rceil: "⌉",
  to: "→⟶",
  land: "∧",
  lor: "∨",
  Rightarrow: "⇒⟹",
  iff: "⇔⟺",
  sum: "∑",
  prod: "∏",
  int: "∫",
  partial: "∂",
  angle: "∠",
  triangle: "△",
  parallel: "∥",
  perp: "⊥",
  ldots: "…⋯",
  alpha: "α",
  beta: "β",
  gamma: "γ",
  delta: "δ",
  epsilon: "εϵ",
  zeta: "ζ",
  eta: "η",
  theta: "θϑ",
  kappa: "κ",
  lambda: "λ",
  mu: "μµ",
  nu: "ν",
  xi: "ξ",
  pi: "π",
  rho: "ρ",
  sigma: "σ",
  tau: "τ",
  phi: "φϕ",
  chi: "χ",
  psi: "ψ",
  omega: "ω",
  Gamma: "Γ",
  Delta: "Δ∆",
  Theta: "Θ",
  Lambda: "Λ",
  Xi: "Ξ",
  Pi: "Π",
  Sigma: "Σ",
  Phi: "Φ",
  Psi: "Ψ",
  Omega: "ΩΩ",
};

/** Signs that stand for another character or for LaTeX with arguments. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  "-": "−–—‐‑‒﹣",
  "^\\circ ": "°º˚",
  ",": "、،٬",
  ".": "٫",
  ":": "∶",
  "[": "【",
  "]": "】",
  "'": "′’",
  "''": "″",
  "|": "∣",
  "/": "⁄∕",
  "\\mathbb{R}": "ℝ",
  "\\mathbb{Z}": "ℤ",
  "\\mathbb{N}": "ℕ",
  "\\mathbb{Q}": "ℚ",
  "\\mathbb{C}": "ℂ",
  " ": "\u00a0\u2002\u2003\u2005\u2009\u200a\u202f\u3000",
  "": "\u200b\u200c\u200d\u2060\ufeff\u2061\u2062\u2063",
};

const SIGNS = new Map<string, string>([
  ...Object.entries(SPELLINGS).flatMap(([name, signs]) => Array.from(signs, (sign) => [sign, `\\${name} `] as const)),
  ...Object.entries(REPLACEMENTS).flatMap(([text, signs]) => Array.from(signs, (sign) => [sign, text] as const)),
]);

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿˣ";
const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙₓ";
const SCRIPT_MEANING = "0123456789+-()nx";
const ROOTS: Readonly<Record<string, string>> = { "√": "\\sqrt", "∛": "\\sqrt[3]", "∜": "\\sqrt[4]" };

/** Rewrites Unicode mathematics as LaTeX: signs, Greek letters, powers, roots, fractions, and digits of other scripts. */
export function withoutUnicode(text: string): string {
  if (!/[^\x20-\x7e]/.test(text)) return text;
  return withAsciiDigits(text)
    .replace(/[\u{1D400}-\u{1D7FF}\uFF01-\uFF5E]/gu, (c) => c.normalize("NFKC"))
    .replace(new RegExp(`[${SUPERSCRIPTS}]+`, "g"), (run) => `^{${scriptOf(run, SUPERSCRIPTS)}}`)
    .replace(new RegExp(`[${SUBSCRIPTS}]+`, "g"), (run) => `_{${scriptOf(run, SUBSCRIPTS)}}`)
    .replace(/[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒]/g, (c) => c.normalize("NFKC").replace(/(\d+)\u2044(\d+)/, "\\frac{$1}{$2}"))
    .replace(
      /([∛∜√])\s*(\d+(?:\.\d+)?|[a-zA-Z]|\([^()]*\)|\{[^{}]*\})?/g,
      (_all, root: string, of: string | undefined) =>
        of === undefined ? `${ROOTS[root]} ` : `${ROOTS[root]}{${/^[({]/.test(of) ? of.slice(1, -1) : of}}`,
    )
    .replace(/[^\x20-\x7e]/gu, (c) => SIGNS.get(c) ?? c);
}

/** `٣` and `३` as `3`. In Unicode the digits of a script stand in a row that starts at …0 or …6. */
export function withAsciiDigits(text: string): string {
  return text.replace(/(?![0-9])\p{Nd}/gu, (c) => {
    const plain = c.normalize("NFKC");
    if (plain <= "9") return plain;
    const code = c.codePointAt(0) ?? 0;
    const low = code & 0xf;
    const fromZero = /\p{Nd}/u.test(String.fromCodePoint(code - low));
    return String(fromZero ? low : low - 6);
  });
}

function scriptOf(run: string, alphabet: string): string {
  return Array.from(run, (c) => SCRIPT_MEANING[alphabet.indexOf(c)]).join("");
}
