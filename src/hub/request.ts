import { HubApiError } from "@huggingface/hub";
import pRetry, { AbortError } from "p-retry";
import { InputError, MergesweepError, messageOf, WorkError } from "../base/errors.ts";

const HUB = "https://huggingface.co";
/** A request that says nothing for so long is given up, in milliseconds. */
export const REQUEST_TIMEOUT = 120_000;

export interface HubOptions {
  /** The hub's address; `HF_ENDPOINT` or huggingface.co if left out. */
  readonly hubUrl?: string | undefined;
  /** How often a failed request is made again. */
  readonly retries?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What every request to the hub carries: its address, and `HF_TOKEN` if it is set. */
export function hubRequest({ hubUrl }: HubOptions): { readonly hubUrl: string; readonly accessToken?: string } {
  const token = process.env.HF_TOKEN ?? "";
  if (token !== "" && !token.startsWith("hf_")) {
    throw new InputError("HF_TOKEN: expected a token that begins with hf_", {
      hint: "Tokens are made at https://huggingface.co/settings/tokens; unset HF_TOKEN for public models.",
    });
  }
  const address = (hubUrl ?? process.env.HF_ENDPOINT ?? "").replace(/\/+$/, "");
  return { hubUrl: address === "" ? HUB : address, ...(token === "" ? {} : { accessToken: token }) };
}

/** Tries again what may pass (a broken connection, a busy server), not what will not (a file that is not there). */
export async function attempt<T>(
  from: string,
  { retries = 2, signal }: HubOptions,
  work: () => Promise<T>,
  failed = "could not be fetched",
): Promise<T> {
  return await pRetry(
    async () => {
      try {
        return await work();
      } catch (error) {
        signal?.throwIfAborted();
        const described = describeFailure(from, error, failed);
        if (described instanceof InputError) throw new AbortError(described);
        throw described;
      }
    },
    { retries, minTimeout: 300, signal },
  );
}

function describeFailure(from: string, error: unknown, failed: string): MergesweepError {
  if (error instanceof MergesweepError) return error;
  if (error instanceof HubApiError) {
    const message = `${from}: ${describeStatus(error.statusCode)}`;
    const passing = error.statusCode >= 500 || error.statusCode === 429;
    return passing ? new WorkError(message, { cause: error }) : new InputError(message, { cause: error });
  }
  const inner = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : "";
  return new WorkError(`${from}: ${failed}: ${messageOf(error)}${inner}`, { cause: error });
}

/** An HTTP status in the words of a person who has to act on it. */
export function describeStatus(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return `access was refused (HTTP ${status}): it does not exist, or it is private or gated; then set HF_TOKEN`;
    case 404:
      return "there is no such repository, revision or file (HTTP 404)";
    default:
      return `the server answered HTTP ${status}`;
  }
}

/** `fetch` that gives up after `REQUEST_TIMEOUT`, answer included: for what is a few megabytes. */
export function fetchWithin(signal: AbortSignal | undefined): typeof fetch {
  return (input, init) => {
    const timeout = AbortSignal.timeout(REQUEST_TIMEOUT);
    return fetch(input, { ...init, signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) });
  };
}

/** `fetch` that gives up if no answer begins within `REQUEST_TIMEOUT`; the answer itself may take hours. */
export function fetchLong(signal: AbortSignal | undefined): typeof fetch {
  return async (input, init) => {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new Error("the server does not answer")), REQUEST_TIMEOUT);
    try {
      const stop = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
      return await fetch(input, { ...init, signal: stop });
    } finally {
      clearTimeout(timer);
    }
  };
}
