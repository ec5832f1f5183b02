/** A number; in a sweep also an expression over its axes such as `"${1 - w}"`. */
type Value = number | boolean | string;

/** For one tensor: a value, a gradient over the layers, or the first of several conditions that fits its name. */
type SettingDefinition =
  | Value
  | readonly Value[]
  | readonly { readonly filter?: string; readonly value: Value | readonly Value[] }[];

/** What a merge method is told, by the name of the parameter: weight, density, normalize. */
type ParametersDefinition = Readonly<Record<string, SettingDefinition>>;

/** A folder, a GGUF file, `org/name[@revision]` of the hub, or mergekit's long form. */
export type ModelDefinition =
  | string
  | {
      readonly model: string | { readonly path: string; readonly revision?: string };
      /** An adapter that is applied first. */
      readonly lora?: string | { readonly path: string; readonly revision?: string };
      /** An architecture that the model is taken for, such as LlamaForCausalLM. */
      readonly override_architecture?: string;
    };

/** A model's part in a merge. */
interface SourceDefinition {
  readonly model: ModelDefinition;
  readonly parameters?: ParametersDefinition;
}

/** Layers of the result, made of as many layers of every source. */
interface SliceDefinition {
  readonly sources: readonly (SourceDefinition & {
    /** From the first layer to before the second. */
    readonly layer_range?: readonly [number, number];
  })[];
  readonly base_model?: ModelDefinition;
  readonly parameters?: ParametersDefinition;
}

interface InputsDefinition {
  /** Whole models; a recipe has these or `slices`. */
  readonly models?: readonly SourceDefinition[];
  readonly slices?: readonly SliceDefinition[];
}

type DtypeName = "float32" | "float16" | "bfloat16";

/** A mergekit config as an object, with mergekit's names: what `parseRecipe` reads. */
export interface RecipeDefinition extends InputsDefinition {
  /** The name of a merge method: linear, slerp, ties. */
  readonly merge_method: string;
  /** The one module of a language model, in place of `models` and `slices`. */
  readonly modules?: {
    readonly default: InputsDefinition & { readonly parameters?: ParametersDefinition };
  };
  readonly base_model?: ModelDefinition;
  readonly parameters?: ParametersDefinition;
  /** What everything is computed in; the inputs' own if left out. */
  readonly dtype?: DtypeName;
  /** What the result is stored in; `dtype` if left out. */
  readonly out_dtype?: DtypeName;
  /** `union`, `base`, or a model: how vocabularies become one. */
  readonly tokenizer_source?: ModelDefinition;
  /** The same with settings of single tokens, and padding. */
  readonly tokenizer?: {
    readonly source?: ModelDefinition;
    readonly tokens?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly pad_to_multiple_of?: number;
  };
  /** `auto`, the name of a template, or the template itself. */
  readonly chat_template?: string;
  /** Whose config.json and tokenizer the result gets; base model or first model if left out. */
  readonly donor?: ModelDefinition;
}
