import { systemCodeOf } from "./errors.ts";

/** Whether a process of this machine has this id. Another user's may not be signalled, but it is there. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === "EPERM";
  }
}
