import type { TemplateValues } from "./render-template.ts";

/** Seconds that the rendering of one prompt may take: it takes milliseconds. */
export const RENDER_SECONDS = 10;

/** What the process that renders templates is asked, one after the other. */
export interface RenderRequest {
  /** Its number. */
  readonly template: number;
  /** Its text, where the process has not seen it yet. */
  readonly source?: string | undefined;
  readonly values: TemplateValues;
  readonly date: string | undefined;
}

/** What comes back, in the order of the requests; `ready` once, before the first. */
export type RenderReply = { readonly ready: true } | { readonly text: string } | { readonly error: string };
