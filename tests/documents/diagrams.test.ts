import { expect, test } from "bun:test";
import { validate } from "@probelabs/maid";
import { documents, readDocument } from "./sessions.ts";

const diagrams = documents.flatMap(diagramsIn);

test.each(diagrams)("$where is a diagram", ({ text }) => {
  expect(validate(text).errors).toEqual([]);
});

test("there are diagrams", () => expect(diagrams).not.toEqual([]));

test.each(["flowchart LR\n  a -->\n", "sequenceDiagram\n  a->>b what\n", "stateDiagram-v2\n  a -> b\n", "flow LR\n"])(
  "what is none is refused: %p",
  (text) => expect(validate(text).errors).not.toEqual([]),
);

/** Each Mermaid diagram of a document, with the line on which it begins. */
function diagramsIn(path: string) {
  const markdown = readDocument(path);
  return [...markdown.matchAll(/^```mermaid\n(.*?)^```$/gms)].map(({ index, 1: text = "" }) => ({
    where: `${path}:${markdown.slice(0, index).split("\n").length}`,
    text,
  }));
}
