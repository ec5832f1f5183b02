import { once } from "node:events";
import { LivePage } from "../../report/live/live-page.ts";
import { type ReportServer, type Served, serveReport } from "../../report/live/serve-report.ts";
import { LiveRun } from "../../sweep/run/live-run.ts";
import type { CliContext } from "../context.ts";
import { openPage } from "./open-page.ts";

interface ServeFlags {
  readonly port: number | undefined;
  readonly open: boolean | undefined;
}

/** Serves the files of a report until the command is interrupted. */
export async function serveFolder(context: CliContext, folder: string, flags: ServeFlags): Promise<void> {
  const server = await start(context, { folder }, flags);
  await untilInterrupted(context);
  await server.close();
}

/** Serves the page of a run that goes on until the command is interrupted; the run may be stopped and started anew. */
export async function serveLive(context: CliContext, folder: string, flags: ServeFlags): Promise<void> {
  const run = new LiveRun(folder);
  const live = new LivePage({
    signature: () => run.signature(),
    read: () => run.read(),
    progress: () => run.progress(),
  });
  await live.look();
  const server = await start(context, { live }, flags);
  let last = "";
  await live.watch(context.signal, (error) => {
    const text = error instanceof Error ? error.message : String(error);
    if (text !== last) context.terminal.error(text);
    last = text;
  });
  await server.close();
}

async function start({ terminal }: CliContext, served: Served, flags: ServeFlags): Promise<ReportServer> {
  const server = await serveReport(served, flags.port ?? 0);
  terminal.note(`Serving ${server.url} until Ctrl-C`);
  if (flags.open === true) openPage(terminal, server.url);
  return server;
}

async function untilInterrupted({ signal }: CliContext): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
