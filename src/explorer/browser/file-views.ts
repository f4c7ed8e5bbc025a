import type { Block } from "../../core/block.ts";
import { digestBytes, digestOf, matchOf } from "../../core/digest.ts";
import { formatIsoTime, formatNumber, formatSize } from "../../core/format.ts";
import { stampedDigest } from "../../core/nonce.ts";
import { describeProgress } from "../../core/progress-words.ts";
import { headlineOf } from "../../core/time-words.ts";
import type { CheckedProof } from "../../proof/block-proof.ts";
import type { ProofHints } from "../../proof/proof-hints.ts";
import { formatTime } from "../format-time.ts";
import { reencodedWords, verdictOf, wordsOf } from "../time-words.ts";
import type { Anchor } from "./check-proof.ts";
import { element } from "./dom.ts";
import type { Salted, Stamps } from "./stamping.ts";
import { localTime } from "./times.ts";

// The views of the place for files.

type OnFiles = (files: readonly File[]) => void;

export function dropZone(onFiles: OnFiles): HTMLElement {
  return element(
    "div",
    { className: "drop" },
    element(
      "p",
      { className: "quiet" },
      "Choose one or many, or drop them here. They are hashed in this browser and never uploaded: only a SHA-256 " +
        "goes on the chain, when you say so. A proof is checked: drop it with its file.",
    ),
    fileChooser("Choose files", onFiles),
  );
}

/** Looks like a button, and is one for keys. */
export function fileChooser(label: string, onFiles: OnFiles): HTMLElement {
  const input = element("input", { type: "file", id: "file", className: "unseen", multiple: true });
  input.onchange = () => {
    const files = [...(input.files ?? [])];
    if (files.length > 0) onFiles(files);
  };
  return element("div", {}, input, element("label", { htmlFor: "file", className: "button" }, label));
}

/** Takes files that are dropped anywhere on the page. Else the browser would open a file that misses the place. */
export function acceptDrops(panel: HTMLElement, onFiles: OnFiles): void {
  const mark = (isOver: boolean) => panel.classList.toggle("over", isOver);
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => mark(event.relatedTarget !== null));
  document.addEventListener("drop", (event) => {
    mark(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    onFiles(files);
  });
}

/** The progress of hashing, and what takes it in bytes. Files that are hashed at once have none. */
export function hashingOf(file: File): {
  readonly onProgress: (bytes: number) => void;
  readonly views: readonly Node[];
} {
  const bar = element("progress", { ariaLabel: "Hashed" });
  const words = element("p", { className: "quiet" }, formatSize(file.size));
  const startedAt = performance.now();
  const onProgress = (bytes: number) => {
    bar.max = file.size;
    bar.value = bytes;
    words.textContent = describeProgress(bytes, file.size, performance.now() - startedAt);
  };
  return { onProgress, views: [bar, words] };
}

export function about(file: File, digest: string): HTMLElement {
  return fields(describe(file), ["SHA-256", link(`?digest=${digest}`, digest)]);
}

/** The first of the blocks that carry a file or its SHA-256, and the best that is known of when it existed. */
export function firstStamp(stamps: Stamps, digestName = "its SHA-256"): HTMLElement {
  const [first, ...others] = stamps;
  const headline = headlineOf(first, others);
  const { before, after } = wordsOf(headline);
  return element(
    "div",
    {},
    element("p", { className: "stamped" }, `${before} `, timeOf(headline.seconds), " ", quiet(after)),
    element(
      "p",
      { className: "quiet" },
      "First stamped in ",
      element("a", { href: `?block=${first.id}` }, `block ${formatNumber(first.height)}`),
      `, which carries ${first.match === "digest" ? digestName : "the file itself"}; claimed `,
      timeOf(first.timestamp),
      `: ${verdictOf(first)}.`,
    ),
    ...(first.reencoded ? [element("p", { className: "notice" }, reencodedWords)] : []),
  );
}

/** The second stamp of a file, which nobody could put into a block of his own before. */
export function saltedStamp({ nonce, block }: Salted): HTMLElement {
  const headline = headlineOf(block);
  const { before, after } = wordsOf(headline);
  return element(
    "div",
    {},
    element(
      "p",
      {},
      "Anybody may have put its SHA-256 into that block, with a time of his choice. So it is stamped once more, " +
        "together with a random nonce, in ",
      link(`?block=${block.id}`, `block ${formatNumber(block.height)}`),
      `. ${before} `,
      timeOf(headline.seconds),
      " ",
      quiet(after),
    ),
    nonceToKeep(nonce),
  );
}

/** The nonce of a stamp that is taken: from then on, only the page has it. */
export function nonceToKeep(nonce: string): HTMLElement {
  const why = "Keep this nonce with the file. Without it, nobody can find this stamp. The proof has it too.";
  return element("div", {}, fields(["Nonce", copied(nonce, "nonce")]), element("p", { className: "notice" }, why));
}

/** A text with a button that copies it. */
function copied(text: string, name: string): HTMLElement {
  const copy = element("button", { type: "button", className: "copy", ariaLabel: `Copy ${name}` }, "Copy");
  return element("span", { className: "code" }, element("code", {}, text), copy);
}

/** What a consistent proof comes to. */
export function verdictOn(anchor: Anchor): string {
  return anchor === "on chain" ? "The proof holds" : "The proof is consistent, not anchored";
}

/** What a consistent proof proves. It has links only if this chain is known to have the blocks. */
export function proven(file: File, { block, to, length, says }: CheckedProof, anchor: Anchor): readonly Node[] {
  const isOnChain = anchor === "on chain";
  const mark = isOnChain ? [element("span", { className: "accepted" }, "On this chain")] : [];
  const name = ({ id }: Block) => (isOnChain ? link(`?block=${id}`, id) : element("code", {}, id));
  const carried = block.data.length === digestBytes ? block.data.toHex() : undefined;
  const rows = fields(
    describe(file),
    ["Block", name(block)],
    ["Height", formatNumber(block.height)],
    ["Claimed time", timeOf(block.timestamp)],
    carried === undefined
      ? ["SHA-256 of its data", element("code", {}, digestOf(block.data)), " ", quiet(formatSize(block.data.length))]
      : ["Its data, a SHA-256", element("code", {}, carried)],
    ...subjectRows(block, says),
    ["Last block", name(to), " ", quiet(`height ${formatNumber(to.height)}, claimed `), timeOf(to.timestamp)],
    [
      "Length",
      length === 1 ? `1 block${isOnChain ? "" : ": it proves nothing yet"}` : `${formatNumber(length)} blocks`,
    ],
    ...hintRows(says),
  );
  return [element("p", {}, ...mark, isOnChain && length === 1 ? oneBlock : meanings[anchor]), rows];
}

/** What the proof says that it is about, which the block confirms or not. */
function subjectRows({ data }: Block, { sha256, nonce }: ProofHints): readonly Field[] {
  if (sha256 === undefined) return [];
  const isCarried = matchOf(data, stampedDigest(sha256, nonce)) !== undefined;
  const file: Field = ["SHA-256 of the file", element("code", {}, sha256)];
  if (!isCarried) return [[...file, " ", quiet("says the proof, but the block carries something else")]];
  return nonce === undefined ? [file] : [file, ["Nonce", element("code", {}, `0x${nonce.toHex()}`)]];
}

/** Whoever made the file wrote it. */
function hintRows({ network, chain, genesis, program }: ProofHints): readonly Field[] {
  const hints = [
    ...(network === undefined ? [] : [`network ${network}`]),
    ...(chain === undefined ? [] : [`chain ${chain}`]),
    ...(genesis === undefined ? [] : [`genesis ${genesis}`]),
    ...(program === undefined ? [] : [`made by ${program}`]),
  ];
  return hints.length === 0 ? [] : [["It says, not checked", hints.join(", ")]];
}

const compare =
  "Anybody can make such a chain of blocks: compare its last block’s id with what a source says that you trust.";
const meanings: Readonly<Record<Anchor, string>> = {
  "on chain":
    "This node says that the last block is in its chain. If so, the proven block was there before that was made.",
  "not on chain": `This node does not know its last block. ${compare}`,
  "no answer": `This node did not answer whether it has its last block. ${compare}`,
  asked: "Asking this node whether it has its last block…",
};

/** What a proof means that leads to itself, if the node has the block. */
const oneBlock =
  "This node says that the block is in its chain. If so, its data was there when it was made: by today at the latest.";

/** Why a file proves nothing. */
export function notProven(file: File, problem: string): readonly Node[] {
  return [element("p", {}, problem), fields(describe(file))];
}

export type Field = readonly [name: string, ...content: (Node | string)[]];

export function fields(...rows: readonly Field[]): HTMLElement {
  const parts = rows.flatMap(([name, ...content]) => [element("dt", {}, name), element("dd", {}, ...content)]);
  return element("dl", { className: "fields" }, ...parts);
}

export function describe(file: File): Field {
  return ["File", element("bdi", {}, file.name), " ", quiet(formatSize(file.size))];
}

export function quiet(text: string): HTMLElement {
  return element("span", { className: "quiet" }, text);
}

export function link(href: string, text: string): HTMLElement {
  return element("a", { href }, element("code", {}, text));
}

/** In UTC, and as the visitor's clock had it. */
export function timeOf(seconds: bigint): HTMLElement {
  const time = formatTime(seconds);
  const local = time && localTime(time.iso);
  const text = time?.text ?? formatIsoTime(seconds);
  return element("time", { dateTime: time?.iso ?? "" }, local === undefined ? text : `${text} = ${local}`);
}

export function actions(...buttons: readonly HTMLButtonElement[]): HTMLElement {
  return element("div", { className: "actions" }, ...buttons);
}
