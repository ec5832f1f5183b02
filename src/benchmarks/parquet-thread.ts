import { parentPort } from "node:worker_threads";
import { explanationOf, InputError } from "../base/errors.ts";
import { decodeParquet } from "./decode-parquet.ts";
import type { ParquetReply, ParquetRequest } from "./read-parquet.ts";

/*
 * The thread that decodes a parquet file. The thread that asked ends it where a damaged file keeps it busy for ever.
 */

function reply(message: ParquetReply): void {
  parentPort?.postMessage(message, []);
}

parentPort?.on("message", ({ file, path, wanted }: ParquetRequest) => {
  decodeParquet(file, path, wanted).then(
    (rows) => reply({ rows }),
    (error: unknown) =>
      reply(
        error instanceof InputError
          ? { error: error.message, hint: error.hint }
          : { error: `${path}: ${explanationOf(error)}` },
      ),
  );
});
reply("ready");
