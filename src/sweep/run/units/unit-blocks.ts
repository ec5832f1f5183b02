import { completionKey, type Task, type TaskSource, taskKey, tasksOf } from "../../../eval/evaluate.ts";
import { CompletionReader } from "../../../runs/completions/completion-reader.ts";
import type { SampleWriter } from "../../../runs/completions/sample-writer.ts";
import { unitLease } from "../../../runs/leases/lease-files.ts";
import type { WorkerLeases } from "../../../runs/leases/worker-leases.ts";
import { type RunStore, unitStore } from "../../../runs/run-store.ts";
import type { SampleRecord } from "../../../runs/schema.ts";
import type { UnitStore } from "../../../runs/unit-store.ts";
import type { SweepPlan } from "../../plan/plan.ts";
import { askedDigest } from "../stored-completions.ts";

/** A unit has at most so many blocks: of the published protocol, five hours on a GPU, each is about five minutes. */
const MOST_BLOCKS = 64;

/** A lease costs about eight calls on files: of fewer completions a block, each would cost more than its own write. */
const LEAST_TASKS = 16;

/** How many attempts of a unit with so many a block has. The same for all workers: they divide a unit in the same way. */
function blockSize(tasks: number): number {
  return Math.max(LEAST_TASKS, Math.ceil(tasks / MOST_BLOCKS));
}

interface Block {
  readonly lease: string;
  /** By benchmark, how many attempts it has. */
  readonly counts: ReadonlyMap<string, number>;
  /** What nobody has answered. */
  readonly open: Map<string, Task>;
}

/** Whoever answers a unit here. */
interface BlockTaker {
  readonly writer: SampleWriter;
  /** Told of completions that other processes have stored. */
  readonly onOthers: (records: readonly SampleRecord[]) => void;
}

/** Attempts in blocks that this process has by leases, until it gives them back. */
export interface BlockSource extends TaskSource {
  close(): Promise<void>;
}

/** The attempts of a unit in blocks, which workers take by leases. */
export class UnitBlocks {
  readonly #store: UnitStore;
  readonly #leases: WorkerLeases;
  /** Mean tokens of an answer, where the protocol says them. */
  readonly #published: ReadonlyMap<string, number | undefined>;
  readonly #blocks: readonly Block[];
  readonly #blockOf = new Map<string, Block>();
  /** Of the completions by benchmark: how many, and their tokens. */
  readonly #lengths = new Map<string, { count: number; tokens: number }>();
  #reader: CompletionReader;

  /** @param id the unit's folder */
  constructor(id: string, { folder, leases }: RunStore, { benchmarks, sweep }: SweepPlan) {
    this.#store = unitStore(folder, id);
    this.#leases = leases;
    this.#published = new Map(sweep.protocol?.benchmarks.map(({ name, reference_tokens: length }) => [name, length]));
    // Workers of a search may be a step apart, and divide what is asked in different ways.
    const asked = askedDigest(benchmarks).slice(0, 8);
    const tasks = tasksOf(benchmarks);
    const size = blockSize(tasks.length);
    this.#blocks = Array.from({ length: Math.ceil(tasks.length / size) }, (_, i) => {
      const own = tasks.slice(i * size, (i + 1) * size);
      const counts = new Map<string, number>();
      for (const { benchmark } of own) counts.set(benchmark.name, (counts.get(benchmark.name) ?? 0) + 1);
      return {
        lease: unitLease(id, `block-${asked}-${i}`),
        counts,
        open: new Map(own.map((task) => [taskKey(task), task])),
      };
    });
    for (const block of this.#blocks) for (const key of block.open.keys()) this.#blockOf.set(key, block);
    this.#reader = new CompletionReader(this.#store.folder);
  }

  /** Whether every attempt is answered, as far as was looked. */
  get complete(): boolean {
    return this.#blocks.every(({ open }) => open.size === 0);
  }

  /** Blocks that lack completions, as far as was looked: those that nobody is on, and those that somebody is. */
  openBlocks(taken: ReadonlySet<string>): { readonly free: number; readonly taken: number } {
    const open = this.#blocks.filter((block) => block.open.size > 0);
    const free = open.filter(({ lease }) => !taken.has(lease)).length;
    return { free, taken: open.length - free };
  }

  /** Reads what others have answered since the last look. */
  async look(): Promise<readonly SampleRecord[]> {
    const records = await this.#reader.more();
    for (const record of records) this.#add(record);
    return records;
  }

  /** @returns the block that a completion ends */
  #add(record: SampleRecord): Block | undefined {
    const lengths = this.#lengths.get(record.benchmark) ?? { count: 0, tokens: 0 };
    lengths.count++;
    lengths.tokens += record.completion_tokens ?? 0;
    this.#lengths.set(record.benchmark, lengths);
    const key = completionKey(record);
    const block = this.#blockOf.get(key);
    return block?.open.delete(key) === true && block.open.size === 0 ? block : undefined;
  }

  /**
   * Hands blocks out to this process. One is given back when all of it is answered and other hosts see the answers.
   */
  source({ writer, onOthers }: BlockTaker): BlockSource {
    for (const record of writer.existing) this.#add(record);
    this.#reader = new CompletionReader(this.#store.folder, writer.name);
    const held = new Set<Block>();
    const release = async (block: Block): Promise<void> => {
      if (held.delete(block)) await this.#leases.release(block.lease);
    };
    return {
      next: async () => {
        const taken = await this.#leases.taken();
        for (const block of this.#inOrder()) {
          if (taken.has(block.lease) || block.open.size === 0) continue;
          if (!(await this.#leases.claim(block.lease))) continue;
          held.add(block);
          // Only now nobody else adds to it.
          onOthers(await this.look());
          if (block.open.size > 0) return [...block.open.values()];
          await release(block);
        }
        return undefined;
      },
      answered: async (record) => {
        const ended = this.#add(record);
        if (ended === undefined) return;
        await writer.sync();
        await release(ended);
      },
      close: async () => {
        for (const block of held) await release(block);
      },
    };
  }

  /**
   * Those of long completions first, as far as is known: by those that are there, else by what is published. The last that are
   * worked on are then short, and workers end at about the same time.
   */
  #inOrder(): Block[] {
    const tokensOf = (benchmark: string): number => {
      const lengths = this.#lengths.get(benchmark);
      if (lengths !== undefined) return lengths.tokens / lengths.count;
      return this.#published.get(benchmark) ?? Number.POSITIVE_INFINITY;
    };
    const costs = this.#blocks.map((block) => {
      const counts = [...block.counts];
      const tokens = counts.reduce((sum, [benchmark, count]) => sum + count * tokensOf(benchmark), 0);
      return { block, cost: tokens / counts.reduce((sum, [, count]) => sum + count, 0) };
    });
    return costs.toSorted((a, b) => (a.cost === b.cost ? 0 : b.cost - a.cost)).map(({ block }) => block);
  }
}
