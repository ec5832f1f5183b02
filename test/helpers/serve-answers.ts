/*
 * A server of OpenAI's completions protocol without a model, for tests that start one by a command: serve-answers.ts MODEL PORT
 */
import { slowServer } from "./models/slow-server.ts";

await slowServer(20, Number(process.argv[3]));
