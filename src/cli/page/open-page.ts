import { spawn } from "node:child_process";
import type { Terminal } from "../terminal.ts";

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

/** Opens a file or an address in the browser of whoever is there; where none can be found, says what to open. */
export function openPage(terminal: Terminal, page: string): void {
  const [program, ...before] = OPENERS[process.platform] ?? ["xdg-open"];
  const opener = spawn(program, [...before, page], { stdio: "ignore", detached: true });
  opener.on("error", () => terminal.note(`No browser was found (${program}); open ${page}`));
  opener.unref();
}

/** `--open`, for commands that write a report. */
export const openFlag = { type: "boolean", description: "Open the page in a browser", group: "Output:" } as const;
