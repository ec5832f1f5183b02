import { mkdir, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LivePage } from "../../../src/report/live/live-page.ts";
import { namesThis, type ReportServer, serveReport } from "../../../src/report/live/serve-report.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { answeredRun } from "../../helpers/runs/answered-run.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A request as it is: `fetch` would put paths and the Host header right. */
function ask(server: ReportServer, path: string, options: { method?: string; host?: string } = {}): Promise<Answer> {
  const { port, host } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port, path, method: options.method ?? "GET", headers: { host: options.host ?? host } },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          body += piece;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    asked.on("error", reject).end();
  });
}

/** A run of which a point is finished at every look, until all are. */
function growingRun(): { live: LivePage; grow: () => void } {
  const run = answeredRun();
  let points = 1;
  const live = new LivePage({
    signature: () => Promise.resolve(String(points)),
    read: () => Promise.resolve({ ...run, evaluated: run.evaluated.slice(0, points) }),
    progress: () => Promise.resolve({ done: 12 * points, total: 36, secondsLeft: 3 - points }),
  });
  return { live, grow: () => points++ };
}

describe("a report that is served", () => {
  let folder = "";
  let server: ReportServer | undefined;
  const served = (): ReportServer => {
    if (server === undefined) throw new Error("Expected a server, found none");
    return server;
  };
  beforeAll(async () => {
    folder = scratchFolder();
    await mkdir(join(folder, "report/inner"), { recursive: true });
    await writeFile(join(folder, "secret.csv"), "secret");
    await writeFile(join(folder, "report/index.html"), "<p>page");
    await writeFile(join(folder, "report/summary.csv"), "a,b\n");
    await writeFile(join(folder, "report/.hidden.csv"), "hidden");
    await writeFile(join(folder, "report/inner/deep.csv"), "deep");
    await symlink(join(folder, "secret.csv"), join(folder, "report/link.csv"));
    server = await serveReport({ folder: join(folder, "report") }, 0);
  });
  afterAll(async () => {
    await server?.close();
  });

  it("gives its files, with their types, and says no more than that to HEAD", async () => {
    expect(await ask(served(), "/")).toMatchObject({ status: 200, body: "<p>page" });
    const csv = await ask(served(), "/summary.csv?x=1");
    expect([csv.body, csv.headers["content-type"], csv.headers["x-content-type-options"]]).toEqual([
      "a,b\n",
      "text/csv; charset=utf-8",
      "nosniff",
    ]);
    const head = await ask(served(), "/summary.csv", { method: "HEAD" });
    expect([head.status, head.body, head.headers["content-length"]]).toEqual([200, "", "4"]);
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS"])("refuses %s", async (method) => {
    expect(await ask(served(), "/", { method })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  });

  it.each(["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost"])("refuses the Host %j", async (host) => {
    expect((await ask(served(), "/", { host })).status).toBe(403);
  });

  it.each([
    "/../secret.csv",
    "/%2e%2e/secret.csv",
    "/..%2fsecret.csv",
    "/inner/deep.csv",
    "/.hidden.csv",
    "/link.csv",
    "/nothing.csv",
    "/inner",
    "//secret.csv",
    "/summary.csv%00",
  ])("does not give %s", async (path) => {
    const { status, body } = await ask(served(), path);
    expect(status).toBe(404);
    expect(body).not.toMatch(/secret|hidden|deep/);
  });

  it("refuses a path that cannot be decoded", async () => {
    expect((await ask(served(), "/%ff")).status).toBe(400);
  });

  it("says that a port is taken, and what to do", async () => {
    const port = Number(new URL(served().url).port);
    await expect(serveReport({ folder }, port)).rejects.toThrow(`Expected port ${port} to be free, found it taken`);
  });

  it("knows its own names, at the port of HTTP without a port, too", () => {
    const hosts = ["localhost", "127.0.0.1", "localhost:80", "evil.example", "localhost:81", undefined];
    expect(hosts.map((host) => namesThis(host, 80))).toEqual([true, true, true, false, false, false]);
    expect(hosts.map((host) => namesThis(host, 81))).toEqual([false, false, false, false, true, false]);
  });

  it("at the port of HTTP answers to names without a port, as browsers ask; or says that it may not have it", async () => {
    const names = ["localhost", "127.0.0.1", "localhost:80", "evil.example", "localhost:81"];
    const found = await serveReport({ folder: join(folder, "report") }, 80).then(
      async (plain) => {
        const url = "http://127.0.0.1:80/";
        const answers = await Promise.all(names.map((host) => ask({ ...plain, url }, "/", { host })));
        await plain.close();
        return answers.map(({ status }) => status).join(" ");
      },
      (error: unknown) => String(error),
    );
    expect(found).toMatch(
      /^(200 200 200 403 403|WorkError: Expected (to be allowed to serve on port 80|port 80 to be free), found .*)$/,
    );
  });
});

describe("a run that goes on", () => {
  it("is told of as it grows, to whoever listens", async () => {
    const { live, grow } = growingRun();
    await live.look();
    const server = await serveReport({ live }, 0);
    try {
      const stream = await fetch(`${server.url}events`);
      const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
      let heard = "";
      const hear = async (text: string): Promise<void> => {
        while (!heard.includes(text)) heard += (await reader?.read())?.value ?? "";
      };
      await hear('data: {"version":1,"progress":{"done":12,"total":36,"secondsLeft":2}}');
      const before = await ask(server, "/page.json");
      expect(Object.keys(JSON.parse(before.body).benchmarks[0].scores)).toEqual(["w=0"]);
      expect((await ask(server, "/")).body).toContain("Content-Security-Policy");
      grow();
      await live.look();
      await hear('data: {"version":2,"progress":{"done":24,"total":36,"secondsLeft":1}}');
      const after = await ask(server, "/page.json");
      expect(Object.keys(JSON.parse(after.body).benchmarks[0].scores)).toEqual(["w=0", "w=0.5"]);
      expect((await ask(server, "/summary.csv")).status).toBe(404);
    } finally {
      await server.close();
    }
  });

  it("has a page before anything is answered", async () => {
    const run = { ...answeredRun(), evaluated: [] };
    const live = new LivePage({
      signature: () => Promise.resolve(""),
      read: () => Promise.resolve(run),
      progress: () => Promise.resolve({ done: 0, total: 36, secondsLeft: null }),
    });
    expect((await live.data()).points).toEqual([]);
  });
});
