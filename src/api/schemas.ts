import * as z from "zod";
import { maxU64 } from "../core/u64.ts";

/** A JSON Schema (draft 7), as far as the parts of the OpenRPC document need to know it. */
export interface Schema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly maximum?: number | bigint;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/**
 * Describes what a zod schema takes or gives. Schemas that have a name of their own go into `shared`. Each has a title,
 * unique in a document whose `title`s are: generators of clients name types by it.
 */
export function toSchema(
  schema: z.ZodType,
  title: string,
  io: "input" | "output",
  shared: Record<string, Schema>,
): Schema {
  const { $defs = {}, $schema: _, ...described } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  const parse = (part: object): Schema =>
    JSON.parse(JSON.stringify(part).replaceAll('"#/$defs/', '"#/components/schemas/'));
  for (const [name, definition] of Object.entries($defs)) shared[name] = withTitles(parse(definition), name);
  return withTitles(parse(described), title);
}

/** Schemas inside have the title of the outer one and their own name. What only refers to another one has its title. */
function withTitles(schema: Schema, title: string): Schema {
  if (Object.keys(schema).join() === "$ref") return schema;
  const { items, anyOf, properties, maximum } = schema;
  const titled = ([name, member]: [string, Schema]) => [name, withTitles(member, title + capitalized(name))];
  return {
    title,
    ...schema,
    ...(items && { items: withTitles(items, `${title}Item`) }),
    ...(anyOf && { anyOf: anyOf.map((option, i) => withTitles(option, `${title}Option${i + 1}`)) }),
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(titled)) }),
    ...(maximum === Number(maxU64) && { maximum: maxU64 }), // which a double cannot say
  };
}

/** "waitMs" as "WaitMs", "unknown block" as "UnknownBlock". */
export function capitalized(name: string): string {
  return name.replaceAll(/(?:^|[ _])./g, (start) => start.at(-1)?.toUpperCase() ?? "");
}
