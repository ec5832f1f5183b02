import { expect, it } from "vitest";
import { csvText } from "../../../src/report/tables/csv-text.ts";

it("cells neither calculate nor act", () => {
  const cells = ["=1+1", "+x", "-x", "@a", "\tb", "-0.5", "+3e-4", "plain", "a\u001b[1m", '"q", r', null, -1];
  expect(csvText([cells])).toBe(`'=1+1,'+x,'-x,'@a,'\tb,-0.5,+3e-4,plain,a\\u001b[1m,"""q"", r",,-1\n`);
  expect(csvText([["=1+1"]], { raw: true })).toBe("=1+1\n");
});
