import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Job } from "kubernetes-models/batch/v1/Job";
import { PersistentVolumeClaim } from "kubernetes-models/v1/PersistentVolumeClaim";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { projectRoot } from "../helpers/shared.ts";

const page = readFileSync(join(projectRoot, "docs/clusters.md"), "utf8");
const [manifest = ""] = page.match(/(?<=```yaml\n)apiVersion: v1\n[^]*?(?=```)/) ?? [];
const [volume, job] = parseAllDocuments(manifest).map((document): unknown => document.toJS());

describe("the Kubernetes manifest of docs/clusters.md", () => {
  it("keeps to the schema, and has a worker as its command on a volume that all can write to", () => {
    const claim = new PersistentVolumeClaim(Object(volume));
    const work = new Job(Object(job));
    claim.validate();
    work.validate();
    expect(claim.spec?.accessModes).toEqual(["ReadWriteMany"]);
    expect(work.spec?.completionMode).toBe("Indexed");
    expect(work.spec?.template.spec?.containers[0]?.command?.slice(0, 2)).toEqual(["mergesweep", "worker"]);
    expect(work.spec?.template.spec?.volumes?.[0]?.persistentVolumeClaim?.claimName).toBe(claim.metadata?.name);
  });

  it("would be refused with a field of the wrong type", () => {
    const wrong = structuredClone(Object(job));
    wrong.spec.completions = "eight";
    expect(() => new Job(wrong).validate()).toThrow(/completions/);
  });
});
