import { roundAll } from "../../tensors/convert.ts";
import { kernelOf } from "./elementwise.ts";
import { type ElementwiseMethod, parameterOf } from "./method.ts";

/** The tensors of one model as they are, or scaled: to stack layers, or to change a dtype. */
export const passthrough: ElementwiseMethod = {
  kind: "elementwise",
  name: "passthrough",
  title: "Passthrough",
  paper: undefined,
  baseModel: "unused",
  models: { least: 1, most: 1 },
  parameters: [{ name: "scale", scope: "model", fallback: 1 }],
  withoutDtype: "widest",
  prepare: (tensor) => {
    const [input] = tensor.inputs;
    const scale = input === undefined ? 1 : Math.fround(parameterOf(input, "scale"));
    return kernelOf(tensor, ([values]) => {
      if (values === undefined) throw new Error("Expected one input");
      if (scale === 1) return values;
      for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * scale;
      roundAll(tensor.work, values);
      return values;
    });
  },
};
