import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, open, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";

/** Whether Debian's slurm-wlm is here, and may be started: its daemons want root. What requires it fails where it is not. */
export const slurmInstalled: boolean =
  process.env.MERGESWEEP_SLURM === "required" ||
  (process.getuid?.() === 0 &&
    ["slurmctld", "slurmd", "sbatch"].every((program) => spawnSync(program, ["-V"]).error === undefined));

/** What is waited for comes within seconds, but for a busy machine; a dead node is noticed after half a minute. */
const PATIENCE_MILLISECONDS = 150_000;

/** A controller and some nodes on this host. Each node has one processor and one made-up GPU. */
export interface SlurmCluster {
  /** The environment in which Slurm's tools find it. */
  readonly environment: NodeJS.ProcessEnv;
  /** Runs one of Slurm's tools. @returns what it printed */
  ask(tool: string, ...args: string[]): Promise<string>;
  /** Asks until the answer is as wanted. */
  until(what: string, wanted: () => Promise<boolean>): Promise<void>;
  /** kill -9 of a node's daemon and of its jobs. */
  killNode(node: string): Promise<void>;
  startNode(node: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const run = promisify(execFile);

/**
 * Starts a cluster on free ports, with all that it writes in a temporary folder: no systemd, no munge, no control groups.
 * Partitions: `main`, the default, and `low`, whose jobs `high` preempts by requeueing them.
 */
export async function startSlurm(nodes: number): Promise<SlurmCluster> {
  const folder = await mkdtemp(join(tmpdir(), "mergesweep-slurm-"));
  const names = Array.from({ length: nodes }, (_, i) => `node${i + 1}`);
  const config = join(folder, "slurm.conf");
  await Promise.all(["state", "spool", "log"].map((name) => mkdir(join(folder, name))));
  const ports = await freePorts(nodes + 1);
  await writeFile(config, slurmConf(folder, names, ports));
  await writeFile(
    join(folder, "gres.conf"),
    names.map((name) => `NodeName=${name} Name=gpu File=/dev/null\n`).join(""),
  );
  const environment = { SLURM_CONF: config };
  const daemons = new Map<string, ChildProcess>();
  const start = async (name: string, command: readonly string[]): Promise<void> => {
    const log = await open(join(folder, "log", `${name}.out`), "a");
    // They end with the tests, however these end.
    const child = spawn("setpriv", ["--pdeathsig", "KILL", ...command], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", log.fd, log.fd],
    });
    await once(child, "spawn");
    await log.close();
    daemons.set(name, child);
  };
  const kill = async (name: string, signal: NodeJS.Signals = "SIGKILL"): Promise<void> => {
    const daemon = daemons.get(name);
    daemons.delete(name);
    if (daemon !== undefined && daemon.exitCode === null) {
      const ended = once(daemon, "exit");
      daemon.kill(signal);
      await ended;
    }
    for (const step of await stepsOf(join(folder, "log", `${name}.log`))) killTree(step);
  };
  const ask = async (tool: string, ...args: string[]): Promise<string> =>
    (await run(tool, args, { env: { ...process.env, ...environment } })).stdout.trim();
  const until = async (what: string, wanted: () => Promise<boolean>): Promise<void> => {
    for (const started = performance.now(); performance.now() - started < PATIENCE_MILLISECONDS; await wait(250)) {
      // A controller that is busy with a dead node says nothing for a while.
      if (await wanted().catch(() => false)) return;
    }
    const log = await readFile(join(folder, "log/controller.log"), "utf8");
    const jobs = await ask("squeue", "-r", "-t", "all").catch(String);
    throw new Error(`Expected ${what}; found:\n${jobs}\n${log.split("\n").slice(-60).join("\n")}`);
  };
  await start("controller", ["slurmctld", "-D"]);
  const startNode = (name: string): Promise<void> => start(name, ["slurmd", "-N", name, "-D"]);
  await Promise.all(names.map(startNode));
  await until(`${nodes} idle nodes`, async () => {
    return (await ask("sinfo", "-h", "-N", "-p", "main", "-t", "idle", "-o", "%N")).split("\n").length === nodes;
  });
  return {
    environment,
    ask,
    until,
    killNode: (node) => kill(node),
    startNode,
    async [Symbol.asyncDispose]() {
      // The controller has children of its own, which it ends if it is asked to end.
      await kill("controller", "SIGTERM");
      for (const name of names) await kill(name);
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

function slurmConf(folder: string, names: readonly string[], [port, ...nodePorts]: readonly number[]): string {
  const host = hostname().split(".")[0];
  return `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
SlurmctldPort=${port}
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool/%n
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd-%n.pid
SlurmctldLogFile=${folder}/log/controller.log
SlurmdLogFile=${folder}/log/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,sched_min_interval=100000,bf_interval=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
GresTypes=gpu
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
ReturnToService=2
SlurmdTimeout=15
KillWait=5
MessageTimeout=60
BatchStartTimeout=120
MinJobAge=300
${names.map((name, i) => `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${nodePorts[i]} CPUs=1 Gres=gpu:1 State=UNKNOWN\n`).join("")}PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=2
PartitionName=low Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE
PartitionName=high Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=3
`;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("Expected a port");
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** Processes of a node's jobs leave its daemon's tree; they hold its log open. */
async function stepsOf(log: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const held = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => "")));
    if (held.includes(log)) found.push(Number(pid));
  }
  return found;
}

/** kill -9 of a process and of all below it. It goes first: it would tell the controller of the ends of the others. */
function killTree(pid: number): void {
  const { stdout } = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" });
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
  for (const child of stdout.split("\n").filter((line) => line !== "")) killTree(Number(child));
}
