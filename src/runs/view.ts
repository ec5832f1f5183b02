import type { Manifest, ScoreRecord } from "./schema.ts";

/** What tells the attempts of a unit apart; without an attempt, a question. */
interface Asked {
  readonly benchmark: string;
  readonly sample: string;
  readonly attempt?: number;
}

/** Whether a record belongs to what a manifest asks: a store may hold more than the plan that is looked at. */
export function inView({ benchmarks }: Pick<Manifest, "benchmarks">): (record: Asked) => boolean {
  const asked = new Map(
    benchmarks.map(({ name, attempts, ids }) => [
      name,
      { attempts, ids: ids === undefined ? undefined : new Set(ids) },
    ]),
  );
  return ({ benchmark, sample, attempt = 0 }) => {
    const own = asked.get(benchmark);
    return own !== undefined && attempt < own.attempts && (own.ids === undefined || own.ids.has(sample));
  };
}

/** What of pieces is asked. */
export async function* onlyAsked<Row extends Asked>(
  pieces: AsyncIterable<readonly Row[]>,
  asked: (record: Asked) => boolean,
): AsyncGenerator<readonly Row[]> {
  for await (const rows of pieces) yield rows.filter(asked);
}

/** Makes the scores of one question's attempts again where some of the attempts are left out. */
export type Regroup = (attempts: readonly ScoreRecord[]) => readonly ScoreRecord[];

/**
 * The records of a plan out of all that are stored, in pieces as they come.
 *
 * @param regroup applied to the attempts of a question of which some are not asked
 */
export async function* viewed(
  pieces: AsyncIterable<readonly ScoreRecord[]>,
  asked: (record: Asked) => boolean,
  regroup: Regroup,
): AsyncGenerator<readonly ScoreRecord[]> {
  let question: ScoreRecord[] = [];
  const finish = (): readonly ScoreRecord[] => {
    const kept = question.filter(asked);
    return kept.length === question.length ? question : regroup(kept);
  };
  for await (const records of pieces) {
    const done: ScoreRecord[] = [];
    for (const record of records) {
      const [first] = question;
      if (first !== undefined && (first.sample !== record.sample || first.benchmark !== record.benchmark)) {
        done.push(...finish());
        question = [];
      }
      question.push(record);
    }
    yield done;
  }
  yield finish();
}
