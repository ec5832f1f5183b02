import { setTimeout as wait } from "node:timers/promises";
import { sha256 } from "../../../src/base/digest.ts";
import { type CompletionsServer, serveCompletions } from "./completions-server.ts";

/**
 * A server that takes the same time for every answer, and whose answers depend on prompt and model alone.
 *
 * @param milliseconds of an answer, or what says them when it is asked for
 */
export function slowServer(
  milliseconds: number | (() => number | Promise<number>),
  port = 0,
): Promise<CompletionsServer> {
  const answer: Parameters<typeof serveCompletions>[0] = (_path, { prompt, model }) => {
    const digit = Number.parseInt(sha256(`${String(model)} ${String(prompt)}`).slice(0, 4), 16) % 20;
    const text = `<think>\nhm\n</think>\n\\boxed{${digit}}`;
    return async (response) => {
      await wait(typeof milliseconds === "number" ? milliseconds : await milliseconds());
      response.writeHead(200, { "content-type": "application/json" }).end(
        JSON.stringify({
          choices: [{ text, finish_reason: "stop" }],
          usage: { prompt_tokens: 5, completion_tokens: 9 + digit },
        }),
      );
    };
  };
  return serveCompletions(answer, { port });
}

/** What was asked, how often: by model, prompt and seed. What only counts tokens is left out. */
export function timesAsked(asked: CompletionsServer["asked"]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { path, body } of asked) {
    if (!path.endsWith("/v1/completions") || body.max_tokens === 1) continue;
    const key = JSON.stringify([body.model, body.prompt, body.seed]);
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  return times;
}
