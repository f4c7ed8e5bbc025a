import type { Block } from "../../core/block.ts";
import { digestBytes, digestOf } from "../../core/digest.ts";
import { formatIsoTime, formatNumber, formatSize } from "../../core/format.ts";
import type { CheckedProof } from "../../proof/block-proof.ts";
import { formatTime } from "../format-time.ts";
import { relativeTime } from "../relative-time.ts";
import { element } from "./dom.ts";
import type { Found } from "./stamping.ts";

// The views of the place for files.

export function dropZone(onFile: (file: File) => void): HTMLElement {
  const input = element("input", { type: "file", id: "file", className: "unseen" });
  input.onchange = () => {
    const file = input.files?.[0];
    if (file !== undefined) onFile(file);
  };
  return element(
    "div",
    { className: "drop" },
    element(
      "p",
      { className: "quiet" },
      "Choose one, or drop it here. It is hashed in this browser and never uploaded: only its SHA-256 goes on the " +
        "chain, when you say so. A proof is checked.",
    ),
    element("div", {}, input, element("label", { htmlFor: "file", className: "button" }, "Choose a file")),
  );
}

/** Takes a file that is dropped anywhere on the page. Else the browser would open a file that misses the place. */
export function acceptDrops(panel: HTMLElement, onFile: (file: File) => void): void {
  const mark = (isOver: boolean) => panel.classList.toggle("over", isOver);
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => mark(event.relatedTarget !== null));
  document.addEventListener("drop", (event) => {
    mark(false);
    const file = event.dataTransfer?.files[0];
    if (file === undefined) return;
    event.preventDefault();
    onFile(file);
  });
}

export function about(file: File, digest: string): HTMLElement {
  return fields(describe(file), ["SHA-256", link(`?digest=${digest}`, digest)]);
}

export function firstStamp({ id, height, timestamp, match }: Found): HTMLElement {
  const now = Math.floor(Date.now() / 1000);
  return element(
    "div",
    {},
    element("p", { className: "stamped" }, timeOf(timestamp)),
    element(
      "p",
      { className: "quiet" },
      `${relativeTime(Number(timestamp), now)}, in `,
      element("a", { href: `?block=${id}` }, `block ${formatNumber(height)}`),
      match === "digest" ? ", which carries its SHA-256" : ", which carries the file itself",
    ),
  );
}

/** What a sound proof proves. It has links only if this chain is known to have the blocks. */
export function proven(
  file: File,
  { block, to, length }: CheckedProof,
  isOnChain: boolean | undefined,
): readonly Node[] {
  const meaning = isOnChain
    ? element("p", {}, element("span", { className: "accepted" }, "On this chain"), holds)
    : element("p", {}, isOnChain === undefined ? notAsked : notKnown, compare);
  const name = ({ id }: Block) => (isOnChain ? link(`?block=${id}`, id) : element("code", {}, id));
  const carried = block.data.length === digestBytes ? block.data.toHex() : undefined;
  const rows = fields(
    describe(file),
    ["Block", name(block)],
    ["Height", formatNumber(block.height)],
    ["Time", timeOf(block.timestamp)],
    carried === undefined
      ? ["SHA-256 of its data", element("code", {}, digestOf(block.data)), " ", quiet(formatSize(block.data.length))]
      : ["Its data, a SHA-256", element("code", {}, carried)],
    ["Last block", name(to), " ", quiet(`height ${formatNumber(to.height)}, `), timeOf(to.timestamp)],
    ["Length", length === 1 ? "1 block" : `${formatNumber(length)} blocks`],
  );
  return [meaning, rows];
}

const holds = "This node has its last block accepted: the proven one was on the chain when that was made.";
const notKnown = "The proof is consistent, but this node does not know its last block. ";
const notAsked = "The proof is consistent. Whether its last block is on this chain, the node did not answer. ";
const compare = "Compare that block’s id with what a source says that you trust.";

/** Why a file proves nothing. */
export function notProven(file: File, problem: string): readonly Node[] {
  return [element("p", {}, problem), fields(describe(file))];
}

type Field = readonly [name: string, ...content: (Node | string)[]];

function fields(...rows: readonly Field[]): HTMLElement {
  const parts = rows.flatMap(([name, ...content]) => [element("dt", {}, name), element("dd", {}, ...content)]);
  return element("dl", { className: "fields" }, ...parts);
}

function describe(file: File): Field {
  return ["File", element("bdi", {}, file.name), " ", quiet(formatSize(file.size))];
}

function quiet(text: string): HTMLElement {
  return element("span", { className: "quiet" }, text);
}

function link(href: string, text: string): HTMLElement {
  return element("a", { href }, element("code", {}, text));
}

function timeOf(timestamp: bigint): HTMLElement {
  const time = formatTime(timestamp);
  return element("time", { dateTime: time?.iso ?? "" }, time?.text ?? formatIsoTime(timestamp));
}

export function actions(...buttons: readonly HTMLButtonElement[]): HTMLElement {
  return element("div", { className: "actions" }, ...buttons);
}
