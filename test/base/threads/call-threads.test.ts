import { describe, expect, it } from "vitest";
import { DiskFullError, StoreError } from "../../../src/base/errors.ts";
import { mapInThreads } from "../../../src/base/threads/call-threads.ts";

const module = new URL("../../helpers/call-thread.ts", import.meta.url);
const call = (input: number): Promise<number> => Promise.resolve(input * 2);

async function mapped(inputs: readonly number[], threads: number): Promise<(readonly [number, number])[]> {
  const pairs: (readonly [number, number])[] = [];
  for await (const pair of mapInThreads({ call, module }, inputs, threads)) pairs.push(pair);
  return pairs;
}

describe("calls in threads", () => {
  it.each([0, 1, 3])("give outputs beside their inputs, in order (threads: %i)", async (threads) => {
    expect(await mapped([0, 1, 2, 3, 4, 5], threads)).toEqual([
      [0, 0],
      [1, 2],
      [2, 4],
      [3, 6],
      [4, 8],
      [5, 10],
    ]);
    expect(await mapped([], threads)).toEqual([]);
  });

  it("throw what a thread throws, known as what it is", async () => {
    const error: unknown = await mapped([1, 7, 2], 2).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ message: "seven", hint: "Take another.", code: "store" });
  });

  it("throw a full disk as a full disk", async () => {
    await expect(mapped([8], 1)).rejects.toThrow(DiskFullError);
  });

  it("say that a thread has ended by itself", async () => {
    await expect(mapped([1, 13, 2], 2)).rejects.toThrow("A thread ended before its work was done");
  });
});
