import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { temporaryDirectory } from "../support/temporary.ts";
import { type Fact, formatProtocols, readSeen } from "./protocols-table.ts";
import { readDocument } from "./sessions.ts";

const facts: readonly Fact[] = [
  { how: "fake", protocol: 28 },
  { how: "client", protocol: 28, release: "v1.10.12" },
  { how: "mixed", protocol: 28, release: "v1.10.12" },
  { how: "node", protocol: 28, release: "v1.10.12" },
  { how: "fake", protocol: 32 },
  { how: "client", protocol: 46, release: "v1.15.0" },
];
const releases = { "27": ["v1.10.8"], "28": ["v1.10.12", "v1.10.9", "v1.10.10"] };

describe("the table of protocols", () => {
  test("has a row for each protocol that was tried, the newest first", () => {
    expect(formatProtocols({ facts, releases, upgrade: ["v1.8.6", "v1.14.2"] }).split("\n")).toEqual([
      "| protocol | AvalancheGo | real node | real client | fake node |",
      "|---|---|---|---|---|",
      "| 46 | v1.15.0 | | v1.15.0 | |",
      "| 32 | | | | yes |",
      "| 28 | v1.10.9 to v1.10.12 | v1.10.12, v1.10.12 with timestampvm-rs | v1.10.12 | yes |",
      "",
      "One data directory, from node to node: v1.8.6 → v1.14.2.",
    ]);
  });

  test("is made of the files that tests leave", () => {
    using directory = temporaryDirectory();
    const write = (name: string, content: unknown) => writeFileSync(directory.file(name), JSON.stringify(content));
    write("client-v1.10.12.json", facts[1]);
    write("releases.json", releases);
    expect(readSeen(directory.path)).toEqual({ facts: facts.slice(1, 2), releases, upgrade: [] });
    write("upgrade.json", { releases: ["v1.8.6"] });
    expect(readSeen(directory.path).upgrade).toEqual(["v1.8.6"]);
  });
});

test("docs/operate.md has every protocol from 16 to 46, and every one was seen under our fake node", () => {
  const rows = readDocument("docs/operate.md").match(/^\| \d\d \|.*$/gm) ?? [];
  expect(rows.map((row) => Number(row.slice(2, 4)))).toEqual(Array.from({ length: 31 }, (_, i) => 46 - i));
  for (const row of rows) expect(row).toEndWith("| yes |");
});
