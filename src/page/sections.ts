import type { PageData } from "../report/page/page-data.ts";
import { h } from "./dom.ts";
import { LICENCES } from "./licences.ts";

/** The answer to the sweep's objective. */
export function decisionSection({ decisions, run, failures, live }: PageData): HTMLElement {
  return h(
    "section",
    { class: "decision", "aria-label": "Decision" },
    ...decisions.map(({ benchmark, text }) =>
      h("p", {}, decisions.length > 1 ? `${benchmark}: ` : null, ...withFirstSentence(text)),
    ),
    decisions.length > 0
      ? null
      : h("p", {}, live === null ? "There is nothing to choose from in this run." : "Nothing can be chosen from yet."),
    h("p", { class: "note" }, run),
    failures.length === 0
      ? null
      : h(
          "div",
          { role: "alert" },
          h("p", {}, "Not drawn:"),
          h("ul", {}, ...failures.map((text) => h("li", {}, text))),
        ),
  );
}

/** The first sentence is the answer; the others are its reasons. */
function withFirstSentence(text: string): Node[] {
  const end = text.search(/\. (?=[A-Z]|\w+=)/);
  const first = end < 0 ? text : text.slice(0, end + 1);
  return [h("strong", {}, first), document.createTextNode(text.slice(first.length))];
}

/** Every sentence with the number of questions it rests on; what follows a first line is the output of a program. */
export function claimSections({ claims }: PageData): HTMLElement {
  return h(
    "section",
    { "aria-labelledby": "claims" },
    h("h2", { id: "claims" }, "What can be said"),
    ...claims.flatMap(({ heading, claims: own }) => [
      h("h3", {}, heading),
      h(
        "ul",
        { class: "claims" },
        ...own.map(({ text, basis }) => {
          const [first = "", ...output] = text.split("\n");
          return h(
            "li",
            {},
            first,
            basis === "" ? null : h("small", {}, ` (${basis})`),
            output.length === 0 ? null : h("pre", {}, output.join("\n")),
          );
        }),
      ),
    ]),
  );
}

/** How it was made: the protocol, the recipe, the digests of all weights. */
export function protocolSection({ protocol, recipe, points, files }: PageData): HTMLElement {
  return h(
    "section",
    { "aria-labelledby": "protocol" },
    h("h2", { id: "protocol" }, "How it was made"),
    h(
      "dl",
      { class: "facts" },
      ...protocol.map(({ name, value }) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
    ),
    recipe === "" ? null : h("details", {}, h("summary", {}, "Recipe"), h("pre", {}, recipe)),
    h(
      "details",
      {},
      h("summary", {}, "Digests of the weights (SHA-256)"),
      h(
        "dl",
        { class: "facts" },
        ...points.map(({ name, weights, sameAs }) =>
          h(
            "div",
            {},
            h("dt", {}, sameAs === null ? name : `${name} (= ${sameAs})`),
            h("dd", {}, h("code", {}, weights ?? "not known")),
          ),
        ),
      ),
    ),
    h("p", {}, "Data: ", ...files.flatMap((file, i) => [i > 0 ? ", " : "", h("a", { href: encodeURI(file) }, file)])),
  );
}

/** What made the page, and the licences of what it is made of. */
export function footer({ version }: PageData): HTMLElement {
  return h(
    "footer",
    {},
    h("p", {}, `mergesweep ${version}`),
    h(
      "details",
      {},
      h("summary", {}, "Licences of what this page is made of"),
      ...LICENCES.flatMap(([name, text]) => [h("h3", {}, name), h("pre", {}, text)]),
    ),
  );
}
