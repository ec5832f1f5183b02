import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { formatBytes } from "../base/bytes.ts";
import { InputError, messageOf } from "../base/errors.ts";
import { isRecord } from "../base/is-record.ts";

/** What a file says it becomes in memory; token lists make the largest. */
const MAX_UNPACKED_BYTES = 3 * 2 ** 30;
const MAX_ROWS = 5_000_000;

/**
 * The rows of a parquet file, uncompressed or snappy. What its bytes say of counts is believed: a damaged one may take for ever.
 *
 * @param whole the file
 * @param path names it in errors
 * @param wanted columns to read, as far as the file has them; by default all
 * @throws InputError for content that is no parquet, is damaged, or claims to be larger than any data that is meant
 */
export async function decodeParquet(
  whole: ArrayBuffer,
  path: string,
  wanted?: readonly string[],
): Promise<Readonly<Record<string, unknown>>[]> {
  let failed = false;
  try {
    const metadata = parquetMetadata(whole);
    const size = metadata.row_groups.reduce((total, group) => total + Number(group.total_byte_size), 0);
    if (Number(metadata.num_rows) > MAX_ROWS || size > MAX_UNPACKED_BYTES || size < 0) {
      throw new InputError(
        `${path}: expected at most ${MAX_ROWS} rows in ${formatBytes(MAX_UNPACKED_BYTES)}, found ${metadata.num_rows} in ${formatBytes(size)}`,
      );
    }
    const names = new Set(
      metadata.row_groups.flatMap(({ columns }) => columns.map(({ meta_data: data }) => data?.path_in_schema[0] ?? "")),
    );
    // A column that fails while nobody waits for it yet would end the process: where the whole fails first, no column is read.
    const slice = (start: number, end?: number): Promise<ArrayBuffer> =>
      new Promise((resolve) => {
        setImmediate(() => {
          if (!failed) resolve(whole.slice(start, end));
        });
      });
    const rows = await parquetReadObjects({
      file: { byteLength: whole.byteLength, slice },
      metadata,
      ...(wanted === undefined ? {} : { columns: wanted.filter((name) => names.has(name)) }),
    });
    return rows.filter(isRecord);
  } catch (error) {
    failed = true;
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: not a parquet file that can be read: ${messageOf(error)}`, {
      hint: "It is damaged, or compressed in another way than snappy or not at all.",
      cause: error,
    });
  }
}
