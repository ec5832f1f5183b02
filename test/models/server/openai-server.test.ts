import { describe, expect, test } from "vitest";
import { WorkError } from "../../../src/base/errors.ts";
import type { LoadedModel } from "../../../src/models/runtime.ts";
import { createOpenAiRuntime, type OpenAiServerOptions } from "../../../src/models/server/openai-server.ts";
import {
  type Answer,
  type CompletionsServer,
  type CompletionsServerOptions,
  type Question,
  serveCompletions,
} from "../../helpers/models/completions-server.ts";
import { GREEDY } from "../../helpers/models/greedy.ts";

function completion(text: string, finish: string = "stop"): Answer {
  return {
    body: { choices: [{ text, finish_reason: finish }], usage: { prompt_tokens: 5, completion_tokens: 7 } },
  };
}

interface ServedModel extends CompletionsServer {
  readonly model: LoadedModel;
}

/** A model on a server of this test, and what the server was asked. */
async function serve(
  answer: (path: string, body: Question["body"], turn: number) => Answer,
  options: CompletionsServerOptions & Partial<OpenAiServerOptions> = {},
): Promise<ServedModel> {
  const { prefix, models, ...more } = options;
  const server = await serveCompletions(answer, {
    ...(prefix === undefined ? {} : { prefix }),
    ...(models === undefined ? {} : { models }),
  });
  const runtime = createOpenAiRuntime({
    url: server.url,
    model: "{name}",
    retries: 3,
    retryMilliseconds: 1,
    ...more,
  });
  return { ...server, model: await runtime.load("", { contextTokens: 512, name: "pocket" }) };
}

describe("an OpenAI-compatible server", () => {
  test("gets the prompt and the sampling, and its usage is the token count", async () => {
    await using served = await serve(() => completion("4"));
    const sampling = { ...GREEDY, temperature: 0.6, topP: 0.95, seed: 3, stop: ["Q:"] };
    expect(await served.model.complete({ prompt: "2 + 2 =", sampling })).toMatchObject({
      text: "4",
      finishReason: "stop",
      promptTokens: 5,
      completionTokens: 7,
      thinkingTokens: null,
    });
    expect(served.asked).toEqual([
      {
        path: "/v1/completions",
        body: expect.objectContaining({
          model: "pocket",
          prompt: "2 + 2 =",
          temperature: 0.6,
          top_p: 0.95,
          top_k: -1,
          max_tokens: 256,
          seed: 3,
          stop: ["Q:"],
        }),
      },
    ]);
  });

  test.each([
    ["by what it says of its model", { model: "{name}" }],
    ["where the model is its first", { model: undefined }],
  ])("that is llama-server is told to sample as the others do: %s", async (_what, options) => {
    await using served = await serve(() => completion("4"), {
      models: { data: [{ id: "pocket", owned_by: "llamacpp" }] },
      ...options,
    });
    const sampling = { ...GREEDY, temperature: 0.6, repetitionPenalty: 1.1 };
    await served.model.complete({ prompt: "x", sampling });
    expect(served.asked[0]?.body).toMatchObject({
      model: "pocket",
      samplers: ["penalties", "temperature", "top_k", "top_p", "min_p"],
      // All of the context. (-1, which older ones take for that, is an error in newer ones.)
      repeat_last_n: 512,
      repeat_penalty: 1.1,
      top_k: 0,
    });
  });

  test.each([
    ["another", { data: [{ id: "pocket", owned_by: "vllm" }] }],
    ["of an unknown kind", { data: [{ id: "pocket" }] }],
    ["silent about its models", null],
  ])("that is %s gets no field of llama-server's", async (_what, models) => {
    const named = models === null ? {} : { model: undefined };
    await using served = await serve(() => completion("4"), { models, ...named });
    await served.model.complete({ prompt: "x", sampling: GREEDY });
    expect(served.asked[0]?.body).not.toHaveProperty("samplers");
    expect(served.asked[0]?.body).not.toHaveProperty("repeat_last_n");
    expect(served.asked[0]?.body).toHaveProperty("top_k", -1);
  });

  test("counts the tokens of the thinking", async () => {
    await using served = await serve((path) =>
      path === "/tokenize" ? { body: { count: 3 } } : completion("<think>a</think>b"),
    );
    const { thinkingTokens } = await served.model.complete({ prompt: "x", sampling: GREEDY });
    expect(thinkingTokens).toBe(3);
    expect(served.asked[1]?.body).toMatchObject({ prompt: "<think>a</think>", content: "<think>a</think>" });
  });

  test("is told that thinking is no beginning of a text: it gets no first token of its own", async () => {
    await using served = await serve((path) =>
      path === "/tokenize" ? { body: { count: 3 } } : completion("<think>a</think>b"),
    );
    await served.model.complete({ prompt: "x", sampling: GREEDY });
    expect(served.asked[1]?.body).toMatchObject({ add_special_tokens: false });
    await served.model.countTokens("x");
    expect(served.asked[2]?.body).not.toHaveProperty("add_special_tokens");
  });

  test("behind a path is asked for tokens there, too", async () => {
    await using served = await serve(
      (path) => (path === "/team/tokenize" ? { body: { count: 3 } } : completion("<think>a</think>b")),
      { prefix: "/team" },
    );
    expect(await served.model.complete({ prompt: "x", sampling: GREEDY })).toMatchObject({ thinkingTokens: 3 });
  });

  test.each([404, 405, 501])(
    "that cannot count tokens (%d) leaves those of the thinking open, and is asked once",
    async (status) => {
      await using served = await serve((path) =>
        path === "/tokenize" ? { status, body: { detail: "Not Found" } } : completion("<think>a</think>b"),
      );
      for (const prompt of ["x", "y"]) {
        const { thinkingTokens, completionTokens } = await served.model.complete({ prompt, sampling: GREEDY });
        expect({ thinkingTokens, completionTokens }).toEqual({ thinkingTokens: null, completionTokens: 7 });
      }
      expect(served.asked.filter(({ path }) => path === "/tokenize")).toHaveLength(1);
    },
  );

  test("that cannot count tokens counts a prompt by completing it", async () => {
    await using served = await serve((path) => (path === "/tokenize" ? { status: 404, body: {} } : completion("4")));
    expect(await served.model.countTokens("2 + 2 =")).toBe(5);
    expect(served.asked.at(-1)).toMatchObject({ path: "/v1/completions", body: { prompt: "2 + 2 =", max_tokens: 1 } });
  });

  test.each([
    ["no such route", { status: 404, body: { detail: "Not Found" } }],
    ["an answer of another protocol", { body: { content: "4" } }],
  ])("whose address lacks the version, and has %s, is told so", async (_what, answer) => {
    await using server = await serveCompletions(() => answer);
    const runtime = createOpenAiRuntime({ url: server.url.replace("/v1", ""), model: "pocket", retries: 0 });
    const asking = async (): Promise<void> => {
      const model = await runtime.load("", { contextTokens: 512 });
      await model.complete({ prompt: "x", sampling: GREEDY });
    };
    await expect(asking).rejects.toThrow(`its address may lack the version: ${server.url}`);
  });

  test("is asked again when it is busy or broken", async () => {
    await using served = await serve((_path, _body, turn) =>
      turn === 1 ? { status: 429, body: {} } : turn === 2 ? { status: 503, body: {} } : completion("4", "length"),
    );
    const { finishReason } = await served.model.complete({ prompt: "x", sampling: GREEDY });
    expect(finishReason).toBe("length");
    expect(served.asked).toHaveLength(3);
  });

  test.each([
    ["429", 429, () => "1"],
    ["503, as a date", 503, () => new Date(Date.now() + 2000).toUTCString()],
  ])("is left alone for as long as it asks for with %s", async (_what, status, header) => {
    await using served = await serve((_path, _body, turn) =>
      turn === 1 ? { status, headers: { "retry-after": header() }, body: {} } : completion("4"),
    );
    const began = performance.now();
    await served.model.complete({ prompt: "x", sampling: GREEDY });
    expect(performance.now() - began).toBeGreaterThan(950);
    expect(served.asked).toHaveLength(2);
  });

  test("that asks to be left alone does not keep an abort waiting", async () => {
    await using served = await serve(() => ({ status: 429, headers: { "retry-after": "300" }, body: {} }));
    const enough = new AbortController();
    const asking = served.model.complete({ prompt: "x", sampling: GREEDY }, enough.signal);
    await expect.poll(() => served.asked.length).toBe(1);
    const reason = new Error("enough");
    enough.abort(reason);
    await expect(asking).rejects.toBe(reason);
  });

  test("that limits requests by the minute is asked for longer than that", async () => {
    // A hundred times as fast.
    const retryMilliseconds = 5;
    const began = performance.now();
    await using served = await serve(
      () => (performance.now() - began < 600 ? { status: 429, body: {} } : completion("4")),
      { retries: undefined, retryMilliseconds },
    );
    expect(await served.model.complete({ prompt: "x", sampling: GREEDY })).toMatchObject({ text: "4" });
  });

  test("is not asked again when it says that the request is wrong", async () => {
    await using served = await serve(() => ({ status: 400, body: { error: "no such model" } }));
    const asking = served.model.complete({ prompt: "x", sampling: GREEDY });
    await expect(asking).rejects.toThrow(WorkError);
    await expect(asking).rejects.toThrow(/400.*no such model/);
    expect(served.asked).toHaveLength(1);
  });

  test("that stays broken, or answers something else, is a WorkError", async () => {
    await using broken = await serve(() => ({ status: 500, body: "oh" }));
    await expect(broken.model.complete({ prompt: "x", sampling: GREEDY })).rejects.toThrow(WorkError);
    expect(broken.asked).toHaveLength(4);
    await using other = await serve(() => ({ body: { hello: 1 } }));
    await expect(other.model.complete({ prompt: "x", sampling: GREEDY })).rejects.toThrow(/completions protocol/);
  });

  test("whose connection stays cut in the middle of the answer is named, with what to look at", async () => {
    await using served = await serve(() => (response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"choices": [', () => response.destroy());
    });
    const asking = served.model.complete({ prompt: "x", sampling: GREEDY });
    await expect(asking).rejects.toThrow(`No whole answer from ${served.url}/completions: `);
    await expect(asking).rejects.toThrow(WorkError);
    await expect(asking).rejects.toHaveProperty("hint", expect.stringContaining("log"));
    expect(served.asked).toHaveLength(4);
  });

  test("is left alone when the completion is aborted", async () => {
    await using served = await serve(() => completion("4"));
    const reason = new Error("enough");
    const asking = served.model.complete({ prompt: "x", sampling: GREEDY }, AbortSignal.abort(reason));
    await expect(asking).rejects.toBe(reason);
  });

  test("whose prompt does not fit with its answer is refused", async () => {
    await using served = await serve(() => completion("4"));
    const asking = served.model.complete({ prompt: "x", sampling: { ...GREEDY, maxTokens: 510 } });
    await expect(asking).rejects.toThrow(/context of 512 tokens/);
  });
});
