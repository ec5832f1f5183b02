/*
 * Where the child process that runs llama.cpp begins (`child-calls.ts` is the rest). It ends when its parent is gone, from the
 * first moment on: loading modules takes longer than some parents live.
 */

function endWithParent(): void {
  // Nothing is worth saving here, and an orderly exit would wait for a decode that is under way.
  process.kill(process.pid, "SIGKILL");
}

process.on("disconnect", endWithParent);
// The parent may have gone while Node itself started.
if (process.connected) await import("./child-calls.ts");
else endWithParent();
