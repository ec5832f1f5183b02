import { createContext, Script } from "node:vm";
import { messageOf } from "../../base/errors.ts";
import { renderTemplate } from "./render-template.ts";
import { RENDER_SECONDS, type RenderReply, type RenderRequest } from "./template-protocol.ts";

/*
 * The process that renders chat templates, which are untrusted programs: it has little memory, and ends a rendering that
 * takes too long by itself, so that it does not outlive its parent either.
 */

process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
// Of a terminal, Ctrl-C comes here, too: the parent says what happens.
process.on("SIGINT", () => {});

const sources = new Map<number, string>();
const context = createContext({});
const script = new Script("run()");
const waiting: RenderRequest[] = [];
let working = false;

function render({ template, source, values, date }: RenderRequest): RenderReply {
  if (source !== undefined) sources.set(template, source);
  let text = "";
  Object.assign(context, {
    run: () => {
      text = renderTemplate(sources.get(template) ?? "", values, date);
    },
  });
  try {
    script.runInContext(context, { timeout: RENDER_SECONDS * 1000 });
    return { text };
  } catch (error) {
    // It is made in the other context, whose errors are not those of this one.
    const isSlow =
      typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
    return { error: isSlow ? `it was not done after ${RENDER_SECONDS} seconds` : messageOf(error) };
  }
}

/** One answer is on its way before the next request is begun: if that one ends the process, it is known which it was. */
async function work(): Promise<void> {
  working = true;
  for (let request = waiting.shift(); request !== undefined; request = waiting.shift()) await send(render(request));
  working = false;
}

async function send(reply: RenderReply): Promise<void> {
  await new Promise<void>((resolve) => {
    process.send?.(reply, () => resolve());
  });
}

process.on("message", (request: RenderRequest) => {
  waiting.push(request);
  if (!working) void work();
});
if (process.connected) await send({ ready: true });
else process.kill(process.pid, "SIGKILL");
