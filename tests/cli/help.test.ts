import { describe, expect, test } from "bun:test";
import { commandsIn, helpOf, nameOf, programForHelp } from "../documents/command-help.ts";
import { examplesIn } from "./help-examples.ts";

const helps = commandsIn(programForHelp()).map((command) => [nameOf(command), helpOf(command, 80)] as const);

describe("the help of every command", () => {
  test.each(helps)("of %s fits 80 columns", (_name, help) => {
    expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test.each(helps)("of %s has one to three examples", (name, help) => {
    const examples = examplesIn(help);
    expect([1, 2, 3]).toContain(examples.length);
    for (const example of examples) expect(example).toContain(`timestampvm ${name}`);
  });
});
