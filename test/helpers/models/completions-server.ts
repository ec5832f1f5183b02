import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";

export interface Question {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What is answered as a whole, as JSON; or how, where it is not. */
export type Answer =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown }
  | ((response: ServerResponse) => void | Promise<void>);

export interface CompletionsServer {
  /** Up to and with the version. */
  readonly url: string;
  /** What was posted to it. */
  readonly asked: readonly Question[];
  [Symbol.asyncDispose](): Promise<void>;
}

export interface CompletionsServerOptions {
  /** In front of all its routes. */
  readonly prefix?: string;
  /** What it says of its models; it has no such route if null. */
  readonly models?: unknown;
  /** A free one if 0. */
  readonly port?: number;
}

/** A server whose answers are the test's. */
export async function serveCompletions(
  answer: (path: string, body: Question["body"], turn: number) => Answer,
  { prefix = "", models = { data: [{ id: "pocket", owned_by: "vllm" }] }, port = 0 }: CompletionsServerOptions = {},
): Promise<CompletionsServer> {
  const asked: Question[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? "";
    const found =
      request.method === "GET"
        ? path === `${prefix}/v1/models` && models !== null
          ? { body: models }
          : { status: 404, body: { detail: "Not Found" } }
        : await answered(path, request);
    if (typeof found === "function") await found(response);
    else {
      const { status = 200, headers, body } = found;
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
    }
  };
  const answered = async (path: string, request: IncomingMessage): Promise<Answer> => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const body = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
    asked.push({ path, body });
    return answer(path, body, asked.length);
  };
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Expected a port");
  return {
    url: `http://127.0.0.1:${address.port}${prefix}/v1`,
    asked,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
