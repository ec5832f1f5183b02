type Child = Node | string | null;

interface Properties {
  readonly [name: string]: string | number | boolean | null | undefined | ((event: Event) => void);
}

/**
 * An element with attributes, listeners (functions, by the name of their event) and children. Strings become text, never markup:
 * there is no other way to make elements in this page.
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * Puts children in the place of what an element holds. Where the focus was in it, it goes to the new element with the same
 * `data-key`: who works with the keyboard stays where they are.
 */
export function fill(element: Element, ...children: readonly Child[]): void {
  const active = document.activeElement;
  const key = active instanceof HTMLElement && element.contains(active) ? active.dataset.key : undefined;
  element.replaceChildren(...children.filter((child) => child !== null));
  if (key === undefined) return;
  for (const candidate of element.querySelectorAll<HTMLElement>("[data-key]")) {
    if (candidate.dataset.key === key) candidate.focus();
  }
}

/** A choice of one of several texts, with its label. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen: string,
  choose: (value: string) => void,
): HTMLElement {
  const id = `choose-${label.toLowerCase().replaceAll(/\W+/g, "-")}`;
  const select = h(
    "select",
    { id, "data-key": id, change: () => choose(select.value) },
    ...options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
  );
  return h("span", { class: "choice" }, h("label", { for: id }, label), select);
}
