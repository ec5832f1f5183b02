import { setTimeout as wait } from "node:timers/promises";
import pRetry from "p-retry";
import { messageOf, systemCodeOf, WorkError } from "../base/errors.ts";
import { readRetryAfter } from "./retry-after.ts";

/** How to reach a server, and how patient to be with it. */
export interface ServerConnection {
  readonly apiKey?: string | undefined;
  readonly retries?: number | undefined;
  /** The first wait before a retry; each is about twice as long as the one before, with jitter. */
  readonly retryMilliseconds?: number | undefined;
}

export interface ServerQuestion {
  readonly url: URL;
  /** Posted as JSON; without one the question is a GET. */
  readonly body?: object | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An answer that is no refusal. */
export interface ServerAnswer {
  readonly url: URL;
  /** The text, in pieces as they come. */
  readonly pieces: AsyncIterable<string>;
}

/** The server answered with a status that says what is wrong. */
export class ServerRefusal extends WorkError {
  readonly status: number;
  /** How long it asked to be left alone, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(url: URL, { status, headers }: Pick<Response, "status" | "headers">, text: string) {
    super(`${url.href} answered ${status}: ${text.slice(0, SHOWN_CHARACTERS)}`);
    this.status = status;
    this.retryAfter = readRetryAfter(headers.get("retry-after"), Date.now());
  }
}

/** No answer, or not all of it. */
class BrokenConnection extends WorkError {}

const SHOWN_CHARACTERS = 300;

/**
 * Waits between attempts grow from the first to 60 times that: 0.5, 1, 2, ... 30 seconds. Eight of them are longer than a
 * minute, over which servers limit requests, or load a model.
 */
const DEFAULT_RETRIES = 8;
const FIRST_WAIT_MILLISECONDS = 500;
const LONGEST_WAIT = 60;

/** A server that is not there is waited for about 15 seconds: more likely than not the address is wrong. */
const RETRIES_WITHOUT_ANSWER = 5;

/** Longer than any answer; a server that sends more is none of this protocol. */
const MAX_ANSWER_CHARACTERS = 64 * 1024 * 1024;

/**
 * Asks a server, and again where that may help: no connection, or one that is cut before `read` has all it needs; 408, 429,
 * and what the server calls its own fault.
 *
 * @throws WorkError with the address; `signal.reason` if aborted, which closes the connection
 */
export async function askServer<Result>(
  { apiKey, retries = DEFAULT_RETRIES, retryMilliseconds = FIRST_WAIT_MILLISECONDS }: ServerConnection,
  { url, body, signal }: ServerQuestion,
  read: (answer: ServerAnswer) => Promise<Result>,
): Promise<Result> {
  const attempt = async (): Promise<Result> => {
    const response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        "content-type": "application/json",
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new BrokenConnection(`No answer from ${url.href}: ${causeOf(error)}`, {
        hint: "Is the server running?",
        cause: error,
      });
    });
    const answer = { url, pieces: piecesOf(url, response, signal) };
    if (!response.ok) throw new ServerRefusal(url, response, await textOf(answer));
    return await read(answer);
  };
  return await pRetry(attempt, {
    retries,
    minTimeout: retryMilliseconds,
    maxTimeout: retryMilliseconds * LONGEST_WAIT,
    randomize: true,
    signal,
    // Before the wait with jitter, so that not all who were told the same come back at the same time.
    onFailedAttempt: async ({ error, retriesLeft }) => {
      const milliseconds = mayPass(error) && error instanceof ServerRefusal ? (error.retryAfter ?? 0) : 0;
      if (retriesLeft === 0 || milliseconds === 0) return;
      await wait(milliseconds, undefined, { signal }).catch(() => signal?.throwIfAborted());
    },
    shouldRetry: ({ error, retriesConsumed }) =>
      mayPass(error) && (error instanceof ServerRefusal || retriesConsumed < RETRIES_WITHOUT_ANSWER),
  });
}

/** Whether what went wrong may be right another time. */
export function mayPass(error: Error): boolean {
  if (!(error instanceof ServerRefusal)) return error instanceof BrokenConnection;
  const { status } = error;
  // 501: the server does not know how.
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

async function* piecesOf(url: URL, { body }: Response, signal: AbortSignal | undefined): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  try {
    for await (const bytes of body ?? []) yield decoder.decode(bytes, { stream: true });
  } catch (error) {
    signal?.throwIfAborted();
    throw new BrokenConnection(`No whole answer from ${url.href}: the connection was cut (${causeOf(error)})`, {
      hint: "Look into the server's log: it may have ended, or something between here and there gave up.",
      cause: error,
    });
  }
}

/** The whole text of an answer. */
export async function textOf({ url, pieces }: ServerAnswer): Promise<string> {
  let text = "";
  for await (const piece of pieces) {
    text += piece;
    if (text.length > MAX_ANSWER_CHARACTERS) {
      throw new WorkError(`${url.href}: expected an answer of at most ${MAX_ANSWER_CHARACTERS} characters, found more`);
    }
  }
  return text;
}

/** What fetch says is "fetch failed"; why is in the cause, of which some have no message. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const message = messageOf(cause);
  return message === "" ? (systemCodeOf(cause) ?? "unknown reason") : message;
}
