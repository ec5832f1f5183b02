import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { downloadFile } from "@huggingface/hub";
import { InputError, systemCodeOf, WorkError } from "../base/errors.ts";
import { describeWriteFailure } from "../base/files/atomic-write.ts";
import { REQUEST_TIMEOUT } from "./request.ts";

/** A file of a model on the hub, as its listing says. */
export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** SHA-256 of the content for large files, git's SHA-1 of it for small ones: also its name in the cache. */
  readonly oid: string;
}

/** Where files are fetched from. */
export interface FileRequest {
  readonly hubUrl: string;
  readonly accessToken?: string;
  readonly repo: { readonly type: "model"; readonly name: string };
  readonly revision: string;
  readonly fetch: typeof fetch;
}

/**
 * Fetches a file into the cache, going on where an earlier try stopped. What was fetched is under `<target>.incomplete`
 * until it is whole and its digest is right.
 *
 * @param onBytes how many bytes of the file are there, as they come
 * @throws WorkError if the connection breaks or what arrived is damaged: the next try goes on, or begins again
 * @throws InputError if the hub offers a file of another size than it lists
 */
export async function downloadBlob(
  file: HubFile,
  target: string,
  request: FileRequest,
  onBytes: (received: number) => void,
): Promise<void> {
  const partial = `${target}.incomplete`;
  const name = `${request.repo.name}/${file.path}`;
  try {
    const received = await sizeOf(partial);
    // A partial file that is too long is none of ours.
    if (received > file.size) await rm(partial);
    const start = received > file.size ? 0 : received;
    if (start < file.size || file.size === 0) await fetchRest(file, partial, start, request, onBytes);
    const content: AsyncIterable<Buffer> = createReadStream(partial, { highWaterMark: 1 << 20 });
    if (!(await hasItsDigest(content, file))) {
      await rm(partial);
      throw new WorkError(`${name}: arrived damaged: its digest is not the one that the hub lists`);
    }
    await rename(partial, target);
  } catch (error) {
    // Another process that fetched the same file at the same time was first.
    if (systemCodeOf(error) === "ENOENT" && (await sizeOf(target)) === file.size) return;
    throw describeWriteFailure(error, target);
  }
}

/** @throws InputError if the hub offers a file of another size than it lists, or none */
export async function openRemoteFile(file: HubFile, request: FileRequest): Promise<Blob> {
  const name = `${request.repo.name}/${file.path}`;
  const blob = await downloadFile({ ...request, path: file.path, xet: false });
  if (blob === null) throw new InputError(`${name}: is listed, but the hub does not have it`);
  if (blob.size === file.size) return blob;
  throw new InputError(`${name}: expected ${file.size} bytes as listed, the hub offers ${blob.size}`, {
    hint: "The repository may have changed in between: try again.",
  });
}

async function fetchRest(
  file: HubFile,
  partial: string,
  start: number,
  request: FileRequest,
  onBytes: (received: number) => void,
): Promise<void> {
  const name = `${request.repo.name}/${file.path}`;
  const blob = await openRemoteFile(file, request);
  // Written by position, so that two processes that fetch the same file write the same bytes to the same places.
  const out = await open(partial, start === 0 ? "w" : "r+");
  try {
    let position = start;
    for await (const chunk of withoutSilence(blob.slice(start).stream())) {
      if (position + chunk.byteLength > file.size) {
        throw new WorkError(`${name}: expected ${file.size} bytes, more arrived`);
      }
      await out.write(chunk, 0, chunk.byteLength, position);
      position += chunk.byteLength;
      onBytes(position);
    }
    if (position < file.size) {
      throw new WorkError(`${name}: the connection ended after ${position} of ${file.size} bytes`);
    }
    await out.sync();
  } finally {
    await out.close();
  }
}

/** The chunks of a stream; gives up where none comes for `REQUEST_TIMEOUT`. */
async function* withoutSilence(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new WorkError("the connection went silent")), REQUEST_TIMEOUT);
      });
      try {
        const { done, value } = await Promise.race([reader.read(), silence]);
        if (done) return;
        yield value;
      } finally {
        clearTimeout(timer);
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Whether content is what the hub names by its digest: SHA-256, or git's SHA-1 for what is kept in git itself. */
export async function hasItsDigest(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { oid, size }: HubFile,
): Promise<boolean> {
  const hash = oid.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
  for await (const chunk of content) hash.update(chunk);
  return hash.digest("hex") === oid;
}
