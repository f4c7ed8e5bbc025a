import { readFileSync, writeFileSync } from "node:fs";
import { commonErrors, contract, type MethodContract } from "../../src/client/contract.ts";
import { type ApiErrorCode, apiRefusal } from "../../src/client/errors.ts";
import { withTable } from "./table.ts";

// The README's table of errors, from the contract: `errors-table.ts README`.

/** Where it begins in the README. */
const mark = "<!-- What follows was written by tests/readme/errors-table.ts: make gen -->";

/** The README with the table that the contract gives. */
export function withErrors(readme: string): string {
  return withTable(readme, formatErrors(), mark);
}

function formatErrors(): string {
  const rows = apiRefusal.options.map((refusal) => {
    const { code, ...members } = refusal.shape;
    const others = Object.entries(members).map(([name, { type }]) =>
      type === "optional" ? `\`${name}\`?` : `\`${name}\``,
    );
    const cells = [`\`${code.value}\``, others.join(", "), refusal.description, methodsWith(code.value)];
    return `|${cells.map((cell) => (cell === "" ? " " : ` ${cell} `)).join("|")}|`;
  });
  return ["| `code` | other members | what it says, and what to do | of |", "|---|---|---|---|", ...rows].join("\n");
}

function methodsWith(code: ApiErrorCode): string {
  if (commonErrors.includes(code)) return "every method";
  const methods: readonly (readonly [string, MethodContract])[] = Object.entries(contract);
  const names = methods.filter(([, { errors }]) => errors.includes(code)).map(([name]) => `\`${name}\``);
  return names.join(", ");
}

if (import.meta.main) {
  const [readme = ""] = process.argv.slice(2);
  writeFileSync(readme, withErrors(readFileSync(readme, "utf8")));
}
