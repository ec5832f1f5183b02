import { z } from "zod";
import { suggestion } from "../../base/suggest.ts";
import { expected } from "../../base/yaml/check-yaml.ts";
import type { YamlPath } from "../../base/yaml/yaml-document.ts";
import { type FloatDtype, TORCH_NAMES } from "../../tensors/dtype.ts";
import { CHAT_TEMPLATE_NAMES } from "../chat-templates.ts";
import { METHOD_NAMES, mergeMethodOf } from "../methods/index.ts";
import type { MergeMethod } from "../methods/method.ts";
import { modelSchema, text } from "./model-schema.ts";
import { type MergeRecipe, type RecipeSlice, type RecipeSource, recipeModels } from "./recipe.ts";
import { listOf, type ParametersSchema, parametersSchema } from "./setting-schema.ts";
import { tokenizerSchema, tokenizerSourceSchema } from "./tokenizer-schema.ts";

/** A text that passes a test, which names do. */
function nameOf(what: string, names: readonly string[], passes: (name: string) => boolean): z.ZodType<string> {
  const error = expected(what);
  return text(what).refine(passes, {
    error: (issue) => `${error(issue)}. ${suggestion(String(issue.input), names)}`,
  });
}

const DTYPES: ReadonlyMap<string, FloatDtype> = new Map(
  (["F32", "F16", "BF16"] as const).map((dtype) => [TORCH_NAMES[dtype], dtype]),
);

function dtypeOf(name: string): FloatDtype | undefined {
  return DTYPES.get(name.replace(/^torch\./, ""));
}

const dtype = nameOf("a dtype", [...DTYPES.keys()], (name) => dtypeOf(name) !== undefined).transform(dtypeOf);

/** What a chat template has at least, as mergekit sees it: a shorter text without a brace is the name of one. */
const chatTemplate = nameOf(
  `"auto", one of ${CHAT_TEMPLATE_NAMES.join(", ")}, or a Jinja template`,
  CHAT_TEMPLATE_NAMES,
  (name) => name === "auto" || name.includes("{") || CHAT_TEMPLATE_NAMES.includes(name),
);

const notARange = { error: expected("[first layer, layer after the last]") };
const layer = z.int(notARange).min(0, notARange);
const layerRange = z.tuple([layer, layer], notARange).refine(([from, to]) => from < to, notARange);

/** What depends on the parameters that there are: models or slices, of the recipe or of the one module that a language model has. */
function inputsWith(parameters: ParametersSchema) {
  const source = z
    .strictObject({ model: modelSchema, parameters })
    .transform((part): RecipeSource => ({ ...part, layerRange: undefined }));
  const sliceSource = z
    .strictObject({ model: modelSchema, layer_range: layerRange.nullish(), parameters })
    .transform(({ layer_range: layers, ...part }): RecipeSource => ({ ...part, layerRange: layers ?? undefined }));
  const slice = z
    .strictObject({
      sources: listOf(sliceSource),
      base_model: modelSchema.nullish(),
      parameters,
      /** mergekit knows it, and makes nothing of it. */
      residual_weight: z.unknown().optional(),
    })
    .transform(
      ({ sources, base_model: base, parameters: given }): RecipeSlice => ({
        sources,
        baseModel: base ?? undefined,
        parameters: given,
      }),
    );
  return { models: listOf(source).nullish(), slices: listOf(slice).nullish(), parameters };
}

/** A mergekit config. What its models' architectures are taken for is not in it: see `otherArchitectures`. */
export const recipeSchema = recipeSchemaWith([]);

/** @param methods of the caller's own, beside ours */
export function recipeSchemaWith(methods: readonly MergeMethod[]): z.ZodType<Omit<MergeRecipe, "architectures">> {
  const names = [...METHOD_NAMES, ...methods.map(({ name }) => name)];
  const inputs = inputsWith(parametersSchema(methods.flatMap(({ parameters }) => parameters.map(({ name }) => name))));
  return z
    .strictObject({
      merge_method: nameOf("a merge method", names, (name) => mergeMethodOf(name, methods) !== undefined),
      ...inputs,
      modules: z.strictObject({ default: z.strictObject(inputs) }).nullish(),
      base_model: modelSchema.nullish(),
      dtype: dtype.nullish(),
      out_dtype: dtype.nullish(),
      tokenizer_source: tokenizerSourceSchema.nullish(),
      tokenizer: tokenizerSchema.nullish(),
      chat_template: chatTemplate.nullish(),
      donor: modelSchema.nullish(),
    })
    .transform((written, context): Omit<MergeRecipe, "architectures"> => {
      if (context.issues.length > 0) return z.NEVER;
      const refuse = (path: YamlPath, message: string): void => {
        context.issues.push({ code: "custom", path: [...path], message, input: written });
      };
      const module = written.modules?.default;
      if (module !== undefined && (written.models || written.slices))
        refuse(["modules"], 'expected one of "models", "slices" and "modules", found two');
      const { models, slices } = module ?? written;
      if (!models === !slices)
        refuse(
          module === undefined ? [] : ["modules", "default"],
          `expected "models" or "slices", found ${models ? "both" : "neither"}`,
        );
      if (written.tokenizer && written.tokenizer_source)
        refuse(["tokenizer"], 'expected "tokenizer" or "tokenizer_source", found both');
      const recipe = {
        method: written.merge_method,
        models: models ?? undefined,
        slices: slices ?? undefined,
        baseModel: written.base_model ?? undefined,
        parameters: written.parameters,
        moduleParameters: module?.parameters ?? new Map(),
        dtype: written.dtype ?? undefined,
        outDtype: written.out_dtype ?? undefined,
        donor: written.donor ?? undefined,
        vocabulary: written.tokenizer_source ?? written.tokenizer ?? undefined,
        chatTemplate: written.chat_template ?? undefined,
      };
      const known = recipeModels(recipe);
      const { donor } = recipe;
      if (donor !== undefined && !known.includes(donor))
        refuse(["donor"], `${expected("a model of the recipe")({ input: donor })}. ${suggestion(donor, known)}`);
      return recipe;
    });
}
