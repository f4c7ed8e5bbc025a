import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { contract } from "../../src/client/contract.ts";
import { apiRefusal } from "../../src/client/errors.ts";
import { withErrors } from "./errors-table.ts";

const readme = readFileSync("README.md", "utf8");

test("the README's table of errors is that of the contract", () => {
  expect(withErrors(readme)).toBe(readme);
});

test("it has a row for each error, with what it says and where it comes", () => {
  for (const { shape, description } of apiRefusal.options) {
    expect(readme).toContain(`| \`${shape.code.value}\` |`);
    expect(description).toEndWith(".");
  }
  expect(readme).toContain("| `mempool full` | `items`, `bytes` | ");
  expect(readme).toContain("| `too many waiting` | `waiting` | ");
  expect(readme).toMatch(/\| `invalid params` \| `parameter`\? \| .* \| every method \|/);
  expect(readme).toMatch(/\| `too many waiting` \|.*\| `getBlocks`, `getReceipt` \|/);
});

test("each error is one that some method gives, and no method gives one twice", () => {
  for (const { errors } of Object.values(contract)) expect(new Set(errors).size).toBe(errors.length);
});
