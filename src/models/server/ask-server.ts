import { setTimeout as wait } from "node:timers/promises";
import pRetry from "p-retry";
import { Agent, fetch, type Response } from "undici";
import { messageOf, systemCodeOf, WorkError } from "../../base/errors.ts";
import { type ServerAnswer, SHOWN_CHARACTERS, textOf } from "./answer-body.ts";
import { readRetryAfter } from "./retry-after.ts";
import { Silence } from "./silence.ts";

/** How to reach a server, and how patient to be with it. */
export interface ServerConnection {
  readonly apiKey?: string | undefined;
  readonly retries?: number | undefined;
  /** The first wait before a retry; each is about twice as long as the one before, with jitter. */
  readonly retryMilliseconds?: number | undefined;
  /** What a server may be silent for in an answer that it has begun. */
  readonly silentMilliseconds?: number | undefined;
  /** What it may be silent for before that, where it queues requests or answers them as a whole. */
  readonly queuedMilliseconds?: number | undefined;
  /** What a token may take at the most, where a whole answer does. */
  readonly tokenMilliseconds?: number | undefined;
}

export interface ServerQuestion {
  readonly url: URL;
  /** Posted as JSON; without one the question is a GET. */
  readonly body?: object | undefined;
  /** Whether the answer may take as long as others that are before it, or as it takes to be generated. */
  readonly mayQueue?: boolean | undefined;
  /** Tokens that the answer may have, where it is generated. */
  readonly maxTokens?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The server answered with a status that says what is wrong. */
export class ServerRefusal extends WorkError {
  readonly status: number;
  /** How long it asked to be left alone, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(url: URL, { status, retryAfter }: Pick<ServerRefusal, "status" | "retryAfter">, text: string) {
    super(`${url.href} answered ${status}: ${text.slice(0, SHOWN_CHARACTERS)}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** No answer, or not all of it. */
export class BrokenConnection extends WorkError {}

/**
 * Waits between attempts grow from the first to 60 times that: 0.5, 1, 2, ... 30 seconds. Eight of them are longer than a
 * minute, over which servers limit requests, or load a model.
 */
const DEFAULT_RETRIES = 8;
const FIRST_WAIT_MILLISECONDS = 500;
const LONGEST_WAIT = 60;

/** A server that is not there is waited for about 15 seconds: more likely than not the address is wrong. */
const RETRIES_WITHOUT_ANSWER = 5;

/** Between two tokens; a server that makes room for others by computing a long text again later takes a minute or two. */
const SILENT_MILLISECONDS = 10 * 60_000;

/** 32,768 tokens as a whole at 1.5 a second, or the last of a long queue. A host that is gone is found by TCP, much earlier. */
const QUEUED_MILLISECONDS = 6 * 3_600_000;

/** A token in ten seconds is slower than any machine that somebody waits for. */
const TOKEN_MILLISECONDS = 10_000;

/** undici has limits of its own, of five minutes. */
const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

/**
 * Asks a server, and again where that may help: no connection, or one that is cut before `read` has all it needs; 408, 429,
 * and what the server calls its own fault.
 *
 * @throws WorkError with the address; `signal.reason` if aborted, which closes the connection
 */
export async function askServer<Result>(
  connection: ServerConnection,
  question: ServerQuestion,
  read: (answer: ServerAnswer) => Promise<Result>,
): Promise<Result> {
  const { retries = DEFAULT_RETRIES, retryMilliseconds = FIRST_WAIT_MILLISECONDS } = connection;
  const { signal } = question;
  return await pRetry(() => askOnce(connection, question, read), {
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

async function askOnce<Result>(
  {
    apiKey,
    silentMilliseconds = SILENT_MILLISECONDS,
    queuedMilliseconds = QUEUED_MILLISECONDS,
    tokenMilliseconds = TOKEN_MILLISECONDS,
  }: ServerConnection,
  { url, body, mayQueue = false, maxTokens, signal }: ServerQuestion,
  read: (answer: ServerAnswer) => Promise<Result>,
): Promise<Result> {
  const longest = maxTokens === undefined ? undefined : queuedMilliseconds + maxTokens * tokenMilliseconds;
  using silence = new Silence(signal, mayQueue ? queuedMilliseconds : silentMilliseconds, longest);
  const lost = new LostAnswer(url, silence, longest);
  const response = await fetch(url, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      "content-type": "application/json",
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    // A POST that is redirected arrives as a GET, or goes in circles.
    redirect: "manual",
    signal: silence.signal,
    dispatcher,
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw lost.describe() ?? describeFailure(url, error);
  });
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    const location = response.headers.get("location") ?? "an address that it does not say";
    throw new WorkError(`${url.href} redirects to ${location.slice(0, SHOWN_CHARACTERS)}`, {
      hint: "Give the address at which the server itself answers.",
    });
  }
  const isEventStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const pieces = piecesOf(url, response, { silence, silentMilliseconds, lost, signal });
  const answer = { url, isEventStream, pieces };
  if (response.ok) return await read(answer);
  const retryAfter = readRetryAfter(response.headers.get("retry-after"), Date.now());
  throw new ServerRefusal(url, { status: response.status, retryAfter }, await textOf(answer));
}

/** Whether what went wrong may be right another time. */
export function mayPass(error: Error): boolean {
  if (!(error instanceof ServerRefusal)) return error instanceof BrokenConnection;
  const { status } = error;
  // 501: the server does not know how.
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

async function* piecesOf(
  url: URL,
  { body }: Response,
  {
    silence,
    silentMilliseconds,
    lost,
    signal,
  }: { silence: Silence; silentMilliseconds: number; lost: LostAnswer; signal: AbortSignal | undefined },
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  try {
    for await (const bytes of body ?? []) {
      silence.allow(silentMilliseconds);
      yield decoder.decode(bytes, { stream: true });
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw (
      lost.describe() ??
      new BrokenConnection(`No whole answer from ${url.href}: the connection was cut (${causeOf(error)})`, {
        hint: "Look into the server's log: it may have ended, or something between here and there gave up.",
        cause: error,
      })
    );
  }
}

/** Why an answer was given up that a server did not end in time. */
class LostAnswer {
  readonly #url: URL;
  readonly #silence: Silence;
  readonly #longest: number | undefined;

  constructor(url: URL, silence: Silence, longest: number | undefined) {
    this.#url = url;
    this.#silence = silence;
    this.#longest = longest;
  }

  /** A server that has not begun to answer in all that time is not asked again. Undefined if time was not the reason. */
  describe(): WorkError | undefined {
    const { tooLong, heard, endless } = this.#silence;
    const hint = "Look into the server's log: it may hang.";
    if (endless) {
      const seconds = (this.#longest ?? 0) / 1000;
      return new WorkError(`${this.#url.href} came to no end of its answer within ${seconds} seconds`, { hint });
    }
    if (tooLong === undefined) return undefined;
    const message = `${this.#url.href} said nothing for ${tooLong / 1000} seconds`;
    return heard ? new BrokenConnection(message, { hint }) : new WorkError(message, { hint });
  }
}

/** No server, or one that speaks something else; only the first may change when it is asked again. */
function describeFailure(url: URL, error: unknown): WorkError {
  const cause = error instanceof Error ? error.cause : error;
  const code = systemCodeOf(cause) ?? "";
  if (cause instanceof Error && cause.name === "HTTPParserError") {
    return new WorkError(`What ${url.href} answered is not HTTP`, {
      hint: "Another program listens at this port, or it speaks https:// only.",
      cause: error,
    });
  }
  if (code.startsWith("ERR_SSL") || code === "EPROTO") {
    return new WorkError(`What ${url.href} answered is not HTTPS`, {
      hint: "The server may speak http:// at this port.",
      cause: error,
    });
  }
  return new BrokenConnection(`No answer from ${url.href}: ${causeOf(error)}`, {
    hint: "Is the server running?",
    cause: error,
  });
}

/** What fetch says is "fetch failed"; why is in the cause, of which some have no message. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const message = messageOf(cause);
  return message === "" ? (systemCodeOf(cause) ?? "unknown reason") : message;
}
