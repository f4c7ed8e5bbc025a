import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// The README's table of protocols. Tests that ran the plugin write what they saw as files into a folder; this makes the
// table of them: `table.ts FOLDER README`.

/** What one run has seen to work. */
export interface Fact {
  /** A whole node of a release, its client of plugins alone, nodes with both VMs, or the node of our own tests. */
  readonly how: "node" | "client" | "mixed" | "fake";
  readonly protocol: number;
  /** Of AvalancheGo; none for "fake". */
  readonly release?: string;
}

export interface Seen {
  readonly facts: readonly Fact[];
  /** AvalancheGo's own list: the releases of each protocol. */
  readonly releases: Readonly<Record<string, readonly string[]>>;
  /** Through which releases one data directory went; empty when it was not tried. */
  readonly upgrade: readonly string[];
}

const begin = "<!-- What follows was written by tests/readme/table.ts: make release-test -->";
/** The end of what is written by a program. */
const end = "<!-- until here -->";

export function formatTable({ facts, releases, upgrade }: Seen): string {
  const protocols = [...new Set(facts.map(({ protocol }) => protocol))].sort((a, b) => b - a);
  const rows = protocols.map((protocol) => {
    const own = facts.filter((fact) => fact.protocol === protocol);
    const of = (how: Fact["how"]) => own.flatMap((fact) => (fact.how === how ? [fact.release ?? "yes"] : [])).sort();
    const nodes = [...of("node"), ...of("mixed").map((release) => `${release} with timestampvm-rs`)];
    const named = [...new Set([...(releases[protocol] ?? []), ...own.flatMap(({ release }) => release ?? [])])];
    const cells = [
      protocol,
      span(named.sort(compareReleases)),
      nodes.join(", "),
      of("client").join(", "),
      of("fake").join(),
    ];
    return `|${cells.map((cell) => (cell === "" ? " " : ` ${cell} `)).join("|")}|`;
  });
  return [
    "| protocol | AvalancheGo | real node | real client | fake node |",
    "|---|---|---|---|---|",
    ...rows,
    ...(upgrade.length === 0 ? [] : ["", `One data directory, from node to node: ${upgrade.join(" → ")}.`]),
  ].join("\n");
}

function span(releases: readonly string[]): string {
  const [first, last] = [releases[0] ?? "", releases.at(-1) ?? ""];
  return first === last ? first : `${first} to ${last}`;
}

function compareReleases(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** The README with this table in it, in the place that begins with `mark`. Throws where it has no such place. */
export function withTable(readme: string, table: string, mark = begin): string {
  const from = readme.indexOf(mark);
  const to = readme.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`the README has no place for the table, from ${mark} to ${end}`);
  return `${readme.slice(0, from)}${mark}\n${table}\n${readme.slice(to)}`;
}

/** Reads what the tests left. Throws what is wrong with it. */
export function readSeen(folder: string): Seen {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return {
    facts: names.filter((name) => /^(node|client|mixed|fake)-/.test(name)).map((name) => read(name) as Fact),
    releases: read("releases.json") as Seen["releases"],
    upgrade: names.includes("upgrade.json") ? (read("upgrade.json") as { releases: string[] }).releases : [],
  };
}

if (import.meta.main) {
  const [folder = "", readme = ""] = process.argv.slice(2);
  writeFileSync(readme, withTable(readFileSync(readme, "utf8"), formatTable(readSeen(folder))));
}
