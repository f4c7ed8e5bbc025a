import { formatExactJson } from "../core/exact-json.ts";
import type { Counts, Tip } from "./aggregator.ts";
import type { Answer } from "./answer.ts";

/** What a calendar says of itself. */
export interface CalendarState extends Counts {
  /** Where clients reach it, as they must write it. */
  readonly url: string;
  /** Digests that are not answered. */
  readonly waiting: number;
  readonly connections: number;
  readonly tip: Tip | undefined;
}

/** The page for people, or the same in JSON. */
export function describe(state: CalendarState, isForPrograms: boolean): Answer {
  const headers = { "Cache-Control": "public, max-age=5", Vary: "Accept", "Content-Security-Policy": policy };
  return isForPrograms
    ? { status: 200, type: "application/json", body: `${formatExactJson(jsonOf(state))}\n`, headers }
    : { status: 200, type: "text/html; charset=utf-8", body: pageOf(state), headers };
}

const policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

function jsonOf({ url, digests, trees, late, refused, waiting, tip }: CalendarState): unknown {
  const newest = tip && {
    root: tip.root.toHex(),
    network: tip.carrier.network,
    chain: tip.carrier.chain,
    block: tip.carrier.block.id,
    height: tip.carrier.block.height,
  };
  return { calendar: "timestampvm", url, digests, trees, late, refused, waiting, tip: newest };
}

/** No value has a character of HTML: see `readUri` and `formatAddress`; ids are base 58. */
function pageOf({ url, digests, trees, waiting, tip }: CalendarState): string {
  const newest =
    tip === undefined
      ? "No digest has come since this calendar was started."
      : `The newest is in block ${tip.carrier.block.height} of chain ${tip.carrier.chain}.`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>timestampvm calendar</title>
<style>body{font:1rem/1.5 sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}pre{overflow:auto}</style>
<h1>A calendar of OpenTimestamps</h1>
<p>It puts the SHA-256 of what you send into a block of an Avalanche chain, and answers with the proof. Clients of
OpenTimestamps send no file, and not even its SHA-256: they hash that with a random number first.</p>
<pre>ots stamp -m 1 -c ${url} FILE
timestampvm verify FILE.ots</pre>
<p>The proof is whole at once, and lies in FILE.ots alone: this calendar keeps nothing.</p>
<p>Digests since it was started: ${digests}, by ${trees} entries in blocks. ${waiting} wait. ${newest}</p>
</html>
`;
}

/** The figures for Prometheus. */
export function metricsOf({ digests, trees, late, refused, waiting, connections }: CalendarState): Answer {
  const figures = [
    ["digests_total", "counter", "Digests that were answered.", digests],
    ["late_total", "counter", "Digests that were answered without a block.", late],
    ["refused_total", "counter", "Digests that were refused.", refused],
    ["trees_total", "counter", "Roots that were stamped.", trees],
    ["waiting", "gauge", "Digests that are not answered.", waiting],
    ["connections", "gauge", "Connections of clients.", connections],
  ] as const;
  const body = figures.map(
    ([name, type, help, value]) =>
      `# HELP ${prefix}${name} ${help}\n# TYPE ${prefix}${name} ${type}\n${prefix}${name} ${value}\n`,
  );
  return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: body.join("") };
}

const prefix = "timestampvm_calendar_";
