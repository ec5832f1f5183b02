import type { PageData } from "../report/page/page-data.ts";
import { fill, h } from "./dom.ts";
import type { Store } from "./store.ts";

/** The table of points, which sorts by any column; a click on a point puts it under the slider. */
export function pointsTable({ table, legend }: PageData, store: Store): HTMLElement {
  const head = h("tr");
  const body = h("tbody");
  store.follow(({ sort, point }) => {
    const column = Math.abs(sort) - 1;
    fill(
      head,
      ...table.header.map((header, i) =>
        h(
          "th",
          {
            scope: "col",
            class: i < table.nameColumns ? "name" : null,
            "aria-sort": i !== column ? "none" : sort > 0 ? "ascending" : "descending",
          },
          h(
            "button",
            { type: "button", "data-key": `sort ${i}`, click: () => store.change({ sort: nextSort(sort, i + 1) }) },
            header,
            h("span", { "aria-hidden": true, class: "arrow" }, i !== column ? "" : sort > 0 ? "▲" : "▼"),
          ),
        ),
      ),
    );
    const rows = sort === 0 ? table.rows : table.rows.toSorted((a, b) => compare(a.keys[column], b.keys[column], sort));
    fill(
      body,
      ...rows.map(({ cells, point: name }) =>
        h(
          "tr",
          { "aria-current": name === point ? "true" : null },
          ...cells.map((cell, i) =>
            i > 0
              ? h("td", { class: i < table.nameColumns ? "name" : null }, cell)
              : h(
                  "th",
                  { scope: "row", class: "name" },
                  h(
                    "button",
                    { type: "button", "data-key": `row ${name}`, click: () => store.change({ point: name }) },
                    cell,
                  ),
                ),
          ),
        ),
      ),
    );
  });
  return h(
    "section",
    { "aria-labelledby": "points" },
    h("h2", { id: "points" }, "Points"),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of points" },
      h("table", {}, h("thead", {}, head), body),
    ),
    h("p", { class: "note" }, legend),
  );
}

/** From low to high, then from high to low, then as the sweep has them. */
function nextSort(sort: number, column: number): number {
  return sort === column ? -column : sort === -column ? 0 : column;
}

type Key = number | string | null | undefined;

/** What is not known comes last in either direction. */
function compare(a: Key, b: Key, direction: number): number {
  const [noA, noB] = [a === null || a === undefined, b === null || b === undefined];
  if (noA || noB) return Number(noA) - Number(noB);
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : a === b ? 0 : 1;
  return direction > 0 ? order : -order;
}
