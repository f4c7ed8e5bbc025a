import { describeApi } from "../../src/api/openrpc.ts";
import { commonErrors, contract, type MethodContract } from "../../src/client/contract.ts";
import { type ApiErrorCode, apiRefusal } from "../../src/client/errors.ts";
import { formatExactJson } from "../../src/core/exact-json.ts";
import { formatNumber } from "../../src/core/format.ts";
import { formatTable } from "./generated.ts";

// The parts of docs/api.md that follow from the contract.

/** A schema of the OpenRPC document, as far as it is shown. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface Api {
  readonly methods: readonly {
    readonly name: string;
    readonly summary: string;
    readonly params: readonly { readonly name: string; readonly required: boolean; readonly schema: Schema }[];
    readonly result: { readonly schema?: Schema };
  }[];
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const { methods, components } = JSON.parse(formatExactJson(describeApi(""))) as Api;

/** Every method: what it takes, what it gives, and why it is refused. */
export function formatMethods(): string {
  return methods.map(formatMethod).join("\n\n");
}

function formatMethod({ name, summary, params, result }: Api["methods"][number]): string {
  const { schema = {} } = result;
  const rows = params.map(({ name, required, schema }) => [nameOf(name, required), typeOf(schema), aboutOf(schema)]);
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, { description }]) =>
    description === undefined ? [] : [`\`${name}\`: ${description}.`],
  );
  return [
    `### ${name}`,
    summary,
    rows.length === 0 ? "No parameters." : formatTable(["parameter", "type", "what it is"], rows),
    [`Result: \`${shapeOf(schema)}\`.`, ...members].join(" "),
    `Errors: ${errorsOf(name)}.`,
  ].join("\n\n");
}

function nameOf(name: string, isRequired: boolean): string {
  return isRequired ? `\`${name}\`` : `\`${name}\`?`;
}

function typeOf({ type, anyOf, enum: values, minimum = 0, maximum }: Schema): string {
  if (anyOf !== undefined) return [...new Set(anyOf.map(({ type = "" }) => type))].join(" or ");
  if (values !== undefined) return values.map((value) => `\`${JSON.stringify(value)}\``).join(" or ");
  if (type !== "integer" || maximum === undefined) return type ?? "";
  // A double cannot say 2^64 - 1.
  return `integer, ${minimum} to ${Number.isSafeInteger(maximum) ? formatNumber(maximum) : "2^64 − 1"}`;
}

function aboutOf({ description = "", default: value }: Schema): string {
  return value === undefined ? description : `${description} (default: \`${JSON.stringify(value)}\`)`.trim();
}

/** A value's shape, in the words of TypeScript. */
function shapeOf({ $ref, type, items, properties, required = [], const: value, enum: values }: Schema): string {
  if ($ref !== undefined) return $ref.replace(/^.*\//, "");
  if (value !== undefined) return JSON.stringify(value);
  if (values !== undefined) return values.map((one) => JSON.stringify(one)).join(" | ");
  if (items !== undefined) return `${shapeOf(items)}[]`;
  if (properties === undefined) return type ?? "";
  const members = Object.entries(properties).map(
    ([name, schema]) => `${name}${required.includes(name) ? "" : "?"}: ${shapeOf(schema)}`,
  );
  return `{ ${members.join(", ")} }`;
}

function errorsOf(name: string): string {
  const { errors }: MethodContract = contract[name as keyof typeof contract];
  return errors.length === 0 ? "those of every method" : errors.map((code) => `\`${code}\``).join(", ");
}

/** What results are made of. */
export function formatTypes(): string {
  const rows = Object.entries(components.schemas)
    .sort(([a], [b]) => a.localeCompare(b, "en"))
    .map(([name, schema]) => [`\`${name}\``, formShown(schema), schema.description ?? notesOn(schema)]);
  return formatTable(["type", "form", "what it is"], rows);
}

function formShown(schema: Schema): string {
  if (schema.properties !== undefined) return `\`${shapeOf(schema).replaceAll("|", "\\|")}\``;
  return schema.pattern === undefined ? typeOf(schema) : `string, \`${schema.pattern}\``;
}

/** What is said of single members. */
function notesOn({ properties = {} }: Schema): string {
  return Object.entries(properties)
    .flatMap(([name, { description }]) => (description === undefined ? [] : [`\`${name}\`: ${description}`]))
    .join("; ");
}

/** Why a call is refused. */
export function formatErrors(): string {
  const rows = apiRefusal.options.map((refusal) => {
    const { code, ...members } = refusal.shape;
    const others = Object.entries(members).map(([name, { type }]) => nameOf(name, type !== "optional"));
    return [`\`${code.value}\``, others.join(", "), refusal.description ?? "", methodsWith(code.value)];
  });
  return formatTable(["`code`", "other members", "what it says, and what to do", "of"], rows);
}

function methodsWith(code: ApiErrorCode): string {
  if (commonErrors.includes(code)) return "every method";
  const all: readonly (readonly [string, MethodContract])[] = Object.entries(contract);
  return all.flatMap(([name, { errors }]) => (errors.includes(code) ? [`\`${name}\``] : [])).join(", ");
}
