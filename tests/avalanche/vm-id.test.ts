import { describe, expect, test } from "bun:test";
import { idToBytes } from "../../src/avalanche/id.ts";
import { vmIdFromName } from "../../src/avalanche/vm-id.ts";

describe("the id of a VM", () => {
  test.each([
    ["timestampvm", "tGas3T58KzdjcJ2iKSyiYsWiqYctRXaPTqBCA11BqEkNg8kPc"],
    ["timestamp", "tGas3T58KzdjLHhBDMnH2TvrddhqTji5iZAMZ3RXs2NLpSnhH"],
    ["", "11111111111111111111111111111111LpoYY"],
  ])("of %p is what AvalancheGo computes", (name, id) => {
    expect(vmIdFromName(name) as string).toBe(id);
  });

  test("of a name of 32 bytes is the name itself; a longer one has none", () => {
    const name = "a".repeat(32);
    const id = vmIdFromName(name);
    expect(id && new TextDecoder().decode(idToBytes(id))).toBe(name);
    expect(vmIdFromName(`${name}a`)).toBeUndefined();
  });

  test("counts bytes, not characters", () => {
    expect(vmIdFromName("é".repeat(16))).toBeDefined();
    expect(vmIdFromName(`${"é".repeat(16)}e`)).toBeUndefined();
  });
});
