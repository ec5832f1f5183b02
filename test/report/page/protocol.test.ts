import { describe, expect, it } from "vitest";
import { judge } from "../../../src/findings/judge.ts";
import { protocolFacts } from "../../../src/report/page/protocol.ts";
import { answeredRun } from "../../helpers/runs/answered-run.ts";

describe("the protocol of a report", () => {
  it("says how was sampled, and nothing of what was not asked of the sampler", () => {
    const run = answeredRun();
    const generation = { temperature: 0.8, max_thinking_tokens: null, stop: [], seed: 0 };
    const planned = { ...run, manifest: { ...run.manifest, plan: { generation } } };
    expect(protocolFacts(planned, judge(planned))).toContainEqual({
      name: "Sampling",
      value: "temperature 0.8, seed 0",
    });
    const stopped = { ...run, manifest: { ...run.manifest, plan: { generation: { stop: ["\n"] } } } };
    expect(protocolFacts(stopped, judge(stopped))).toContainEqual({ name: "Sampling", value: 'stop ["\\n"]' });
  });
});
