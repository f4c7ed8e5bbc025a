import { digestFromBytes } from "../../core/digest.ts";
import { formatNumber } from "../../core/format.ts";
import { escapeLine } from "../../core/printable.ts";
import { headlineOf } from "../../core/time-words.ts";
import type { StampedBlock } from "../../proof/block-attestation.ts";
import { keyOf } from "../../proof/block-claims.ts";
import { verdictOf as claimVerdictOf, wordsOf } from "../time-words.ts";
import { certificateButton } from "./certificate.ts";
import { element } from "./dom.ts";
import { describe, type Field, fields, link, quiet, timeOf } from "./file-views.ts";
import { type Anchored, anchoredOf, type CheckedOts, verdictOf } from "./ots-verdict.ts";
import { describeStanding, headings, meanings } from "./ots-words.ts";
import { proves, provesByClock, provesNot, provesNothing } from "./proof-meaning.ts";
import type { OtsSays, Standing, Standings } from "./verify-ots.ts";

// The views of `.ots` files that were checked.

/** What a proof comes to, without its heading. */
export function otsView(checked: CheckedOts): readonly Node[] {
  const { reading } = checked;
  const meaning = element("p", {}, meanings[verdictOf(checked)]);
  if ("problem" in reading) return [element("p", {}, reading.problem), meaning, fields(proofRow(checked))];
  const [best] = isAboutBlock(checked) ? anchoredOf(reading, checked.standings) : [];
  const facts = fields(...fileRows(checked, reading), ...blockRows(reading, checked.standings), ...otherRows(reading));
  return [
    ...(best === undefined ? [] : timeOfBest(best)),
    meaning,
    facts,
    ...(best === undefined ? [] : worthOf(best)),
  ];
}

/** A proof of another file than the one that lies beside it says nothing of that. */
function isAboutBlock(checked: CheckedOts): boolean {
  const verdict = verdictOf(checked);
  return verdict === "holds" || verdict === "no file";
}

function timeOfBest({ known, notice }: Anchored): readonly Node[] {
  const { seconds, isSeen } = headlineOf(known);
  const { before, after } = wordsOf({ seconds, isSeen });
  return [
    ...(notice === undefined ? [] : [element("p", { className: "notice" }, `${notice}. ${provesNothing}`)]),
    element("p", { className: "stamped" }, `${before} `, timeOf(seconds), " ", quiet(after)),
  ];
}

function worthOf({ known }: Anchored): readonly Node[] {
  const isSeen = headlineOf(known).isSeen;
  return [
    element("h3", {}, "What it proves"),
    listOf(isSeen ? [provesByClock, ...proves] : proves),
    element("h3", {}, "What it does not prove"),
    listOf(provesNot),
  ];
}

function listOf(lines: readonly string[]): HTMLElement {
  return element("ul", {}, ...lines.map((line) => element("li", {}, line)));
}

function proofRow({ file }: CheckedOts): Field {
  const [, ...content] = describe(file);
  return ["Proof", ...content];
}

function fileRows(checked: CheckedOts, { ots: { digest, hash } }: OtsSays): readonly Field[] {
  const { original } = checked;
  const stamped = element("code", {}, digest.toHex());
  if (hash !== "sha256") return [proofRow(checked), [`Stamped by ${hash}`, stamped, " ", quiet(weak)]];
  if (original === undefined) return [proofRow(checked), ["SHA-256", stamped]];
  const rows: readonly Field[] = [proofRow(checked), describe(original.file)];
  if (original.isSame) return [...rows, ["SHA-256", stamped, " ", quiet("of the file, and in the proof")]];
  return [...rows, ["SHA-256 of the file", element("code", {}, original.digest)], ["SHA-256 in the proof", stamped]];
}

const weak = "only SHA-256 counts: of other hashes, two files with the same one may exist";

function blockRows({ blocks }: OtsSays, standings: Standings): readonly Field[] {
  return blocks.flatMap((stamped) => rowsOf(stamped, standings.get(keyOf(stamped))));
}

function rowsOf({ block, chain, network }: StampedBlock, standing: Standing | undefined): readonly Field[] {
  const isOnChain = standing?.is === "on chain";
  const id = isOnChain ? link(`?block=${block.id}`, block.id) : element("code", {}, block.id);
  const worth = isOnChain ? claimVerdictOf(standing.known) : "not confirmed by anybody";
  return [
    ["Block", id, " ", quiet(describeStanding(standing))],
    ["Height", formatNumber(block.height)],
    ["Claimed time", timeOf(block.timestamp), " ", quiet(worth)],
    ["Chain", element("code", {}, chain), " ", quiet(network === 0n ? "a development chain" : `network ${network}`)],
  ];
}

/** What the proof says beside blocks of this chain. Others wrote it. */
function otherRows({ problems, isNewer, anchors, calendars }: OtsSays): readonly Field[] {
  return [
    ...rowsFor(problems, (problem) => ["Does not count", escapeLine(problem)]),
    ...(isNewer ? [["Not checked here", "A block, as a newer timestampvm names it"] as const] : []),
    ...rowsFor(anchors, ({ height, root }) => [
      "Not checked here",
      `Bitcoin block ${height} should have the Merkle root `,
      element("code", {}, root),
    ]),
    ...rowsFor(calendars, (uri) => ["Promised by", escapeLine(uri), " ", quiet("not asked")]),
  ];
}

/** Whoever makes a file can write a hundred thousand of these into it. */
const maxRows = 64;

function rowsFor<T>(items: readonly T[], rowOf: (item: T) => Field): readonly Field[] {
  const rows = items.slice(0, maxRows).map(rowOf);
  return items.length > maxRows ? [...rows, ["Not shown", `${formatNumber(items.length - maxRows)} more`]] : rows;
}

/** A certificate is only for what holds. It is about the block whose time is known best. */
export function certificateOf(checked: CheckedOts, checkedAt: bigint): readonly HTMLButtonElement[] {
  const { original, reading } = checked;
  if ("problem" in reading || !isAboutBlock(checked)) return [];
  const [best] = anchoredOf(reading, checked.standings);
  if (best === undefined) return [];
  const digest = digestFromBytes(reading.ots.digest);
  return [certificateButton({ file: original?.file, digest, ...best, checkedAt })];
}

/** One of many proofs: a line that opens. What is in it is made when it opens, since there may be thousands. */
export function otsLine(checked: CheckedOts, checkedAt: bigint): HTMLElement {
  const name = element("bdi", {}, escapeLine(checked.file.name));
  const line = element("details", {}, element("summary", {}, name, " ", quiet(headings[verdictOf(checked)])));
  const fill = () => line.append(...otsView(checked), element("p", {}, ...certificateOf(checked, checkedAt)));
  line.addEventListener("toggle", fill, { once: true });
  return line;
}
