import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import type { LoadedModel } from "../../../src/models/runtime.ts";
import { createOpenAiRuntime, type OpenAiServerOptions } from "../../../src/models/server/openai-server.ts";
import {
  type Answer,
  type CompletionsServer,
  type Question,
  serveCompletions,
} from "../../helpers/models/completions-server.ts";
import { GREEDY } from "../../helpers/models/greedy.ts";

interface ServedModel extends CompletionsServer {
  readonly model: LoadedModel;
}

const BOS = "<s>";

async function serve(
  answer: (path: string, body: Question["body"], turn: number) => Answer,
  options: Partial<OpenAiServerOptions> & { models?: unknown } = {},
): Promise<ServedModel> {
  const { models, ...more } = options;
  const server = await serveCompletions(answer, models === undefined ? {} : { models });
  const runtime = createOpenAiRuntime({ url: server.url, retries: 2, retryMilliseconds: 1, ...more });
  const chat = { template: undefined, bosToken: BOS, eosToken: undefined };
  return { ...server, model: await runtime.load("", { contextTokens: 512, chat }) };
}

const ask = ({ model }: ServedModel, prompt = "What is 2 + 2?"): ReturnType<LoadedModel["complete"]> =>
  model.complete({ prompt, sampling: { ...GREEDY, maxTokens: 16 } });

const whole = (text: string, completionTokens: number, promptTokens = 5): Answer => ({
  body: {
    choices: [{ text, finish_reason: "stop" }],
    usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens },
  },
});

/** Writes as long as somebody listens. */
const endless =
  (piece: string): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const write = (): void => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", write);
    write();
  };

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;

describe("a server that does not end its answer", () => {
  const piece = event({ choices: [{ text: "word ", finish_reason: null }] });

  test("where max_tokens was sent is an error that says so, and is left at once", async () => {
    await using served = await serve(() => endless(piece));
    await expect(ask(served)).rejects.toThrow(/at most 16 tokens.*goes on/s);
  });

  test("is an error also where it sends one huge piece after the other", async () => {
    await using served = await serve(() =>
      endless(event({ choices: [{ text: "x".repeat(100_000), finish_reason: null }] })),
    );
    await expect(ask(served)).rejects.toThrow(/at most 16 tokens.*goes on/s);
  });

  test("as a whole is an error as well", async () => {
    await using served = await serve(() => whole("y".repeat(1_000_000), 16));
    await expect(ask(served)).rejects.toThrow(/at most 16 tokens.*1000000 characters|without end/s);
  });

  test("and only keeps the connection awake is given up after a time that any answer fits in", async () => {
    await using served = await serve(
      () => (response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        const timer = setInterval(() => response.write(": ping\n\n"), 5);
        response.on("close", () => clearInterval(timer));
      },
      { queuedMilliseconds: 200, tokenMilliseconds: 1 },
    );
    await expect(ask(served)).rejects.toThrow(/no end of its answer within 0\.\d+ seconds/);
  });
});

describe("token counts of a server", () => {
  test.each([
    ["more than was asked for", 17_000],
    ["none for a text", 0],
  ])("that say %s are not believed: it is asked to count the text", async (_name, tokens) => {
    await using served = await serve((path) =>
      path.endsWith("/tokenize") ? { body: { count: 3 } } : whole("The answer", tokens),
    );
    expect((await ask(served)).completionTokens).toBe(3);
  });

  test("that cannot be are an error where it does not count", async () => {
    await using served = await serve((path) =>
      path.endsWith("/tokenize") ? { status: 404, body: {} } : whole("The answer", 17_000),
    );
    await expect(ask(served)).rejects.toThrow(/17000 tokens.*10 characters.*at most 16/s);
  });

  test("of a prompt that has more tokens than bytes are an error", async () => {
    await using served = await serve((path) =>
      path.endsWith("/tokenize") ? { status: 404, body: {} } : whole("4", 1, 400),
    );
    await expect(ask(served, "short")).rejects.toThrow(/prompt of 400 tokens.*5 bytes/s);
  });
});

describe("what is only nice to know", () => {
  test("never costs an answer: thinking is not counted where the server fails to", async () => {
    await using served = await serve((path) =>
      path.endsWith("/tokenize") ? { status: 500, body: { error: "broken" } } : whole("<think>2+2</think>4", 9),
    );
    expect(await ask(served)).toMatchObject({ text: "<think>2+2</think>4", thinkingTokens: null, completionTokens: 9 });
  });
});

describe("llama-server, which puts the first token in front itself", () => {
  const models = { data: [{ id: "m", owned_by: "llamacpp" }] };

  test("gets a prompt without one", async () => {
    await using served = await serve(
      (path) => (path.endsWith("/tokenize") ? { body: { tokens: [1] } } : whole("7", 2)),
      { models },
    );
    await ask(served, `${BOS}What is 3 + 4?`);
    const prompts = served.asked.filter(({ path }) => path.endsWith("/completions")).map(({ body }) => body.prompt);
    expect(prompts).toEqual(["What is 3 + 4?"]);
    expect(served.asked.at(-1)?.body).not.toHaveProperty("add_special_tokens");
  });

  test("gets it whole if its model wants none in front", async () => {
    await using served = await serve(
      (path) => (path.endsWith("/tokenize") ? { body: { tokens: [] } } : whole("7", 2)),
      { models },
    );
    await ask(served, `${BOS}What is 3 + 4?`);
    expect(served.asked.at(-1)?.body.prompt).toBe(`${BOS}What is 3 + 4?`);
  });
});

describe("an address that is wrong", () => {
  test("and redirects, in a circle or not, is answered with where it points to", async () => {
    const circle: Answer = { status: 307, headers: { location: "/v1/completions" }, body: {} };
    await using served = await serve(() => circle);
    await expect(ask(served)).rejects.toThrow(/redirects to .*\/v1\/completions/);
    expect(served.asked).toHaveLength(1);
  });

  test("of something that is no HTTP server says so, once, and is not asked whether it runs", async () => {
    let calls = 0;
    const server = createServer((socket) => {
      calls++;
      socket.end("SSH-2.0-OpenSSH_9.2p1\r\n");
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    try {
      const address = server.address();
      const port = typeof address === "object" ? address?.port : undefined;
      const runtime = createOpenAiRuntime({ url: `http://127.0.0.1:${port}/v1`, retries: 3, retryMilliseconds: 1 });
      const failure = await runtime.load("", { contextTokens: 512 }).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        message: expect.stringMatching(/not HTTP/),
        hint: expect.stringMatching(/port/),
      });
      expect(calls).toBe(1);
    } finally {
      server.close();
    }
  });
});
