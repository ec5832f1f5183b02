import { isRecord } from "../../base/is-record.ts";
import { kindOf } from "../read-json.ts";
import type { Misfits } from "./misfits.ts";

type Fields = Readonly<Record<string, unknown>>;

interface Kind {
  readonly what: string;
  readonly fields: readonly string[];
  readonly is: (value: unknown) => boolean;
}

/** What fields must be that are read as what they are, or not at all. */
const KINDS: readonly Kind[] = [
  {
    what: "true or false",
    fields: ["tie_word_embeddings", "use_sliding_window", "attention_bias", "mlp_bias"],
    is: (value) => typeof value === "boolean",
  },
  {
    what: "an object",
    fields: ["rope_scaling", "rope_parameters"],
    is: isRecord,
  },
  {
    what: "a whole number from 0 on",
    fields: ["max_window_layers"],
    is: (value) => Number.isInteger(value) && Number(value) >= 0,
  },
  {
    what: "a whole number from 1 on",
    fields: ["sliding_window_pattern"],
    is: (value) => Number.isInteger(value) && Number(value) >= 1,
  },
  {
    what: "a number above 0 and up to 1",
    fields: ["partial_rotary_factor"],
    is: (value) => typeof value === "number" && value > 0 && value <= 1,
  },
];

/** Finds fields that are of another kind than they are read as; null says nothing. */
export function checkKinds(raw: Fields, rope: Fields, misfits: Misfits): void {
  for (const { what, fields, is } of KINDS) {
    for (const field of fields) {
      const value = raw[field] ?? rope[field];
      if (value === undefined || value === null || is(value)) continue;
      misfits.add(field, `expected ${field} to be ${what}, found ${kindOf(value)}`);
    }
  }
}
