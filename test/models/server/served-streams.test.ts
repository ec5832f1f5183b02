import { EventEmitter, once } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { WorkError } from "../../../src/base/errors.ts";
import type { LoadedModel } from "../../../src/models/runtime.ts";
import { createOpenAiRuntime, type OpenAiServerOptions } from "../../../src/models/server/openai-server.ts";
import {
  type Answer,
  type CompletionsServer,
  type Question,
  serveCompletions,
} from "../../helpers/models/completions-server.ts";
import { GREEDY } from "../../helpers/models/greedy.ts";

const USAGE = { prompt_tokens: 5, completion_tokens: 7 };

const piece = (text: string, finish: string | null = null): object => ({
  choices: [{ index: 0, text, finish_reason: finish }],
});
const usage: object = { choices: [], usage: USAGE };
const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
const DONE = "data: [DONE]\n\n";

/** An event stream of these texts, and its end. */
const stream =
  (...texts: readonly string[]): Answer =>
  (response) => {
    begin(response);
    for (const text of texts) response.write(text);
    response.end();
  };

function begin(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" }).flushHeaders();
}

interface ServedModel extends CompletionsServer {
  readonly model: LoadedModel;
}

async function serve(
  answer: (path: string, body: Question["body"], turn: number) => Answer,
  options: Partial<OpenAiServerOptions> = {},
): Promise<ServedModel> {
  const server = await serveCompletions(answer);
  const runtime = createOpenAiRuntime({ url: server.url, retries: 2, retryMilliseconds: 1, ...options });
  return { ...server, model: await runtime.load("", { contextTokens: 512 }) };
}

const ask = (served: ServedModel, prompt = "x", signal?: AbortSignal): ReturnType<LoadedModel["complete"]> =>
  served.model.complete({ prompt, sampling: { ...GREEDY, stop: ["Q:"] } }, signal);

describe("a server that streams its answer", () => {
  test("is asked to, with its usage, and the pieces are the text", async () => {
    await using served = await serve(() =>
      stream(event(piece("The ans")), event(piece("wer: 4")), event(piece("", "stop")), event(usage), DONE),
    );
    expect(await ask(served)).toMatchObject({
      text: "The answer: 4",
      finishReason: "stop",
      promptTokens: 5,
      completionTokens: 7,
      thinkingTokens: null,
    });
    expect(served.asked[0]?.body).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
      stop: ["Q:"],
    });
  });

  test("may cut its pieces anywhere, in the middle of a letter, too", async () => {
    const bytes = Buffer.from(event(piece("π ≈ 3 ")) + event(piece("😀", "length")) + event(usage) + DONE);
    await using served = await serve(() => (response) => {
      begin(response);
      const write = (at: number): void => {
        if (at < bytes.length) response.write(bytes.subarray(at, at + 1), () => setImmediate(write, at + 1));
        else response.end();
      };
      write(0);
    });
    expect(await ask(served)).toMatchObject({ text: "π ≈ 3 😀", finishReason: "length" });
  });

  test.each([
    ["with the last piece", [event({ ...piece("4", "stop"), usage: USAGE }), DONE]],
    ["with every piece", [event({ ...piece("4", "stop"), usage: { ...USAGE, completion_tokens: 1 } }), event(usage)]],
    [
      "after comments, with another line end",
      [": ping\r\n\r\n", event(piece("4", "stop")).replaceAll("\n", "\r\n"), event(usage)],
    ],
  ])("may give its usage %s", async (_what, texts) => {
    await using served = await serve(() => stream(...texts));
    expect(await ask(served)).toMatchObject({ text: "4", finishReason: "stop", completionTokens: 7 });
    expect(served.asked).toHaveLength(1);
  });

  test("is waited for while it queues the request, and while it is silent for less than the limit", async () => {
    await using served = await serve(
      () => (response) => {
        setTimeout(() => {
          begin(response);
          setTimeout(() => response.write(event(piece("4"))), 300);
          setTimeout(() => response.end(event(piece("", "stop")) + event(usage) + DONE), 400);
        }, 300);
      },
      { silentMilliseconds: 200, queuedMilliseconds: 5000 },
    );
    expect(await ask(served)).toMatchObject({ text: "4" });
    expect(served.asked).toHaveLength(1);
  });

  test.each([
    ["falls silent in the middle of its answer is named after some retries", 60_000, 50, 3],
    ["never begins to answer is named after the long time that this takes", 50, 60_000, 1],
  ])("and %s", async (what, queuedMilliseconds, silentMilliseconds, times) => {
    const closed: boolean[] = [];
    const answer: Answer = (response) => {
      response.on("close", () => closed.push(true));
      if (what.startsWith("never")) return;
      begin(response);
      response.write(event(piece("4")));
    };
    await using served = await serve(() => answer, { queuedMilliseconds, silentMilliseconds });
    const asking = ask(served);
    await expect(asking).rejects.toThrow(WorkError);
    await expect(asking).rejects.toThrow(`${served.url}/completions said nothing for 0.05 seconds`);
    await expect.poll(() => closed.length).toBe(times);
    expect(served.asked).toHaveLength(times);
  });

  test("is told by a closed connection that nobody waits any more", async () => {
    const heard = new EventEmitter();
    const begun = once(heard, "begun");
    const closed = once(heard, "closed");
    await using served = await serve(() => (response) => {
      response.on("close", () => heard.emit("closed"));
      begin(response);
      response.write(event(piece("4")), () => heard.emit("begun"));
    });
    const enough = new AbortController();
    const reason = new Error("enough");
    const asking = ask(served, "x", enough.signal);
    await begun;
    enough.abort(reason);
    await expect(asking).rejects.toBe(reason);
    await closed;
    expect(served.asked).toHaveLength(1);
  });

  test.each([
    ["is cut", (response: ServerResponse): unknown => response.destroy(), /the connection was cut/],
    ["ends without saying why", (response: ServerResponse): unknown => response.end(), /ended in the middle/],
  ])("and %s in the middle is asked again", async (_what, end, message) => {
    const broken: Answer = (response) => {
      begin(response);
      response.write(event(piece("The ans")), () => end(response));
    };
    await using served = await serve((_path, _body, turn) =>
      turn === 1 ? broken : stream(event(piece("4", "stop")), event(usage), DONE),
    );
    expect(await ask(served)).toMatchObject({ text: "4" });
    await using always = await serve(() => broken);
    await expect(ask(always)).rejects.toThrow(message);
    expect(always.asked).toHaveLength(3);
  });

  test.each([
    ["as vLLM does", `data: {"error": {"message": "engine is dead", "code": 500}}\n\n${DONE}`, 3],
    ["as older ones of vLLM do", `data: {"object": "error", "message": "engine is dead", "code": 500}\n\n${DONE}`, 3],
    ["as older ones of llama-server do", `error: {"message": "engine is dead", "code": 500}\n\n`, 3],
    ["without a code", `data: {"error": {"message": "engine is dead"}}\n\n`, 3],
    ["by the request's own fault", `data: {"error": {"message": "engine is dead", "code": 400}}\n\n`, 1],
  ])("may say in the middle that it failed, %s", async (_what, text, times) => {
    await using served = await serve(() => stream(event(piece("The ans")), text));
    await expect(ask(served)).rejects.toThrow(/v1\/completions answered \d00: .*engine is dead/);
    expect(served.asked).toHaveLength(times);
  });

  test("and is none of the protocol's is named", async () => {
    await using served = await serve(() => stream("data: hello\n\n"));
    await expect(ask(served)).rejects.toThrow(/expected an answer of the completions protocol, found hello/);
    expect(served.asked).toHaveLength(1);
  });
});

describe("a server that does not stream", () => {
  test("but answers as a whole is understood", async () => {
    await using served = await serve(() => ({
      body: { choices: [{ text: "4", finish_reason: "stop" }], usage: USAGE },
    }));
    expect(await ask(served)).toMatchObject({ text: "4", completionTokens: 7 });
    expect(served.asked).toHaveLength(1);
  });

  const whole: Answer = { body: { choices: [{ text: "4", finish_reason: "stop" }], usage: USAGE } };
  test.each<[string, Answer]>([
    ["streams without its usage", stream(event(piece("4", "stop")), DONE)],
    [
      "refuses to",
      { status: 400, body: { message: "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options')}]" } },
    ],
  ])("because it %s is asked for whole answers from then on", async (_what, streamed) => {
    await using served = await serve((_path, body) => (body.stream === true ? streamed : whole));
    expect(await ask(served)).toMatchObject({ text: "4", promptTokens: 5, completionTokens: 7 });
    expect(await ask(served)).toMatchObject({ text: "4" });
    expect(served.asked.map(({ body }) => body.stream)).toEqual([true, undefined, undefined]);
  });

  test("and never counts tokens is none of the protocol's", async () => {
    const uncounted = { choices: [{ text: "4", finish_reason: "stop" }] };
    await using served = await serve((_path, body) =>
      body.stream === true ? stream(event(uncounted), DONE) : { body: uncounted },
    );
    await expect(ask(served)).rejects.toThrow(/expected an answer of the completions protocol/);
  });
});

describe("a server that splits the thinking off", () => {
  const thought = (text: string, key = "reasoning_content"): string =>
    event({ choices: [{ index: 0, text: "", [key]: text, finish_reason: null }] });
  const end = [event(piece("4", "stop")), event(usage), DONE];

  test.each([
    ["the prompt opened", "Q\n<think>\n", "2 + 2\n</think>4"],
    ["the model opened", "Q\n", "<think>2 + 2\n</think>4"],
  ])("has it put back where %s it", async (_what, prompt, text) => {
    await using served = await serve((path) =>
      path === "/tokenize" ? { body: { count: 6 } } : stream(thought("2 +"), thought(" 2\n"), ...end),
    );
    expect(await ask(served, prompt)).toMatchObject({ text, thinkingTokens: 6, completionTokens: 7 });
  });

  test("may call it reasoning, and may not come to an end of it", async () => {
    await using served = await serve(() =>
      stream(thought("2 +", "reasoning"), event(piece("", "length")), event(usage)),
    );
    expect(await ask(served)).toMatchObject({ text: "<think>2 +", finishReason: "length", thinkingTokens: null });
  });

  test("as a whole is understood, too", async () => {
    await using served = await serve((path) =>
      path === "/tokenize"
        ? { body: { count: 6 } }
        : { body: { choices: [{ text: "4", reasoning_content: "2 + 2", finish_reason: "stop" }], usage: USAGE } },
    );
    expect(await ask(served)).toMatchObject({ text: "<think>2 + 2</think>4" });
  });
});
