import { MergesweepError } from "../../src/base/errors.ts";
import { deriveSeed, seededRandom } from "../../src/base/random.ts";
import type { FuzzReply, FuzzRequest } from "./fuzz-target.ts";
import { mutateInput } from "./mutate-input.ts";
import { TARGETS } from "./targets.ts";

/*
 * The process that reads mutated inputs, one after the other. It says which one it begins before it does, so that the one that
 * ends or holds it is known.
 */

process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

async function say(reply: FuzzReply): Promise<void> {
  await new Promise<void>((resolve) => {
    process.send?.(reply, () => resolve());
  });
}

process.once("message", async ({ target: name, seed, from, to }: FuzzRequest) => {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target === undefined) throw new Error(`Expected a target, found "${name}"`);
  const seeds = await target.seeds();
  for (let index = from; index < to; index++) {
    const random = seededRandom(deriveSeed("fuzz", name, seed, index));
    const input = mutateInput(seeds, random);
    await say({ index, begun: true });
    const start = process.cpuUsage();
    const crash = await crashOf(() => target.read(input, random));
    const { user, system } = process.cpuUsage(start);
    const milliseconds = Math.round((user + system) / 1000);
    await say({
      index,
      ...(crash === undefined ? {} : { crash }),
      milliseconds,
      ...(index % 100 === 99 || index === to - 1 ? { megabytes: process.resourceUsage().maxRSS / 1000 } : {}),
    });
  }
  process.disconnect();
});

/** The text of an error that no person is told of, if one is thrown. */
async function crashOf(read: () => unknown): Promise<string | undefined> {
  try {
    await read();
    return undefined;
  } catch (error) {
    if (error instanceof MergesweepError) return undefined;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
