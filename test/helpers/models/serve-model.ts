/*
 * A server of OpenAI's completions protocol over a real model, for tests:
 *
 *   serve-model.ts MODEL PORT SCRATCH [MODE]
 *
 * MODEL is a checkpoint folder or a GGUF file. MODE: `busy` answers every third question with 429 first, `die` ends after
 * five completions the first time, `exit` does not come up, `mute` comes up and never gets well.
 */
import { existsSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { z } from "zod";
import { writeGguf } from "../../../src/checkpoints/gguf/write-gguf.ts";
import { openCheckpoint } from "../../../src/checkpoints/open-checkpoint.ts";
import { createLlamaCppRuntime } from "../../../src/models/llama-cpp/llama-cpp.ts";
import { streamReader } from "../../../src/tensors/write/tensor-stream.ts";

const [path = "", port = "0", scratch = "", mode = ""] = process.argv.slice(2);

const questionSchema = z.object({
  prompt: z.string(),
  temperature: z.number(),
  top_p: z.number(),
  top_k: z.number(),
  min_p: z.number(),
  repetition_penalty: z.number(),
  max_tokens: z.number(),
  seed: z.number(),
  stop: z.array(z.string()).default([]),
  stream: z.boolean().default(false),
});

async function ggufOf(model: string): Promise<string> {
  if (model.endsWith(".gguf")) return model;
  const checkpoint = await openCheckpoint(model);
  const file = join(scratch, `${process.pid}.gguf`);
  await writeGguf(file, checkpoint, streamReader(checkpoint.reader), "bf16");
  await checkpoint.close();
  return file;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? undefined : JSON.parse(text);
}

if (mode === "exit") {
  process.stderr.write("not enough memory for the weights\n");
  process.exit(3);
}
process.stdout.write(`loading ${path}\n`);
const runtime = await createLlamaCppRuntime();
const model = await runtime.load(await ggufOf(path), { contextTokens: 1024, sequences: 8 });
let asked = 0;

interface Answer {
  readonly status?: number;
  readonly body: unknown;
  /** What comes before it in an event stream; the body is then the last event. */
  readonly pieces?: readonly unknown[];
}

async function answer(question: unknown): Promise<Answer> {
  asked++;
  if (mode === "busy" && asked % 3 === 0) return { status: 429, body: { error: "busy" } };
  const died = join(scratch, "died");
  if (mode === "die" && asked > 5 && !existsSync(died)) {
    writeFileSync(died, "");
    process.stderr.write("a bug in the kernel\n");
    process.exit(4);
  }
  const { prompt, ...settings } = questionSchema.parse(question);
  const completion = await model.complete({
    prompt,
    sampling: {
      temperature: settings.temperature,
      topP: settings.top_p,
      topK: Math.max(0, settings.top_k),
      minP: settings.min_p,
      repetitionPenalty: settings.repetition_penalty,
      maxTokens: settings.max_tokens,
      stop: settings.stop,
      maxThinkingTokens: null,
      seed: settings.seed,
    },
  });
  const { text, finishReason, promptTokens, completionTokens } = completion;
  const usage = { prompt_tokens: promptTokens, completion_tokens: completionTokens };
  if (!settings.stream) return { body: { choices: [{ text, finish_reason: finishReason }], usage } };
  const pieces = Array.from(text, (letter) => ({ choices: [{ text: letter, finish_reason: null }] }));
  return {
    pieces: [...pieces, { choices: [{ text: "", finish_reason: finishReason }] }],
    body: { choices: [], usage },
  };
}

async function respond(url: string, body: unknown): Promise<Answer> {
  if (mode === "mute") return { status: 503, body: { error: "loading" } };
  if (url === "/v1/models") return { body: { object: "list", data: [{ id: "pocket" }] } };
  if (url === "/tokenize") {
    return { body: { count: await model.countTokens(z.object({ prompt: z.string() }).parse(body).prompt) } };
  }
  return await answer(body);
}

const server = createServer((request, response) => {
  void bodyOf(request)
    .then((body) => respond(request.url ?? "", body))
    .catch((error: unknown): Answer => ({ status: 400, body: { error: String(error) } }))
    .then(({ status = 200, body, pieces }) => {
      if (pieces === undefined) {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
        return;
      }
      response.writeHead(status, { "content-type": "text/event-stream" });
      for (const event of [...pieces, body]) response.write(`data: ${JSON.stringify(event)}\n\n`);
      response.end("data: [DONE]\n\n");
    });
});
server.listen(Number(port), "127.0.0.1", () => process.stdout.write(`listening ${port}\n`));
