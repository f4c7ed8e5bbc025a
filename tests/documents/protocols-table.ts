import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatTable, rewrite } from "./generated.ts";

// The table of protocols. Tests that ran the plugin write what they saw as files into a folder; this makes the table of
// them: `protocols-table.ts FOLDER DOCUMENT`.

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

export function formatProtocols({ facts, releases, upgrade }: Seen): string {
  const protocols = [...new Set(facts.map(({ protocol }) => protocol))].sort((a, b) => b - a);
  const rows = protocols.map((protocol) => {
    const own = facts.filter((fact) => fact.protocol === protocol);
    const of = (how: Fact["how"]) => own.flatMap((fact) => (fact.how === how ? [fact.release ?? "yes"] : [])).sort();
    const nodes = [...of("node"), ...of("mixed").map((release) => `${release} with timestampvm-rs`)];
    const named = [...new Set([...(releases[protocol] ?? []), ...own.flatMap(({ release }) => release ?? [])])];
    const releasesOf = span(named.sort(compareReleases));
    return [`${protocol}`, releasesOf, nodes.join(", "), of("client").join(", "), of("fake").join()];
  });
  return [
    formatTable(["protocol", "AvalancheGo", "real node", "real client", "fake node"], rows),
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
  const [folder = "", document = ""] = process.argv.slice(2);
  rewrite(document, { protocols: formatProtocols(readSeen(folder)) });
}
