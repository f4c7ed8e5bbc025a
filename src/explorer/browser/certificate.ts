import { noNode } from "../../avalanche/node-id.ts";
import type { Digest } from "../../core/digest.ts";
import { formatNumber, formatSize } from "../../core/format.ts";
import { escapeLine } from "../../core/printable.ts";
import { type BlockTime, headlineOf } from "../../core/time-words.ts";
import type { StampedBlock } from "../../proof/block-attestation.ts";
import { verdictOf } from "../time-words.ts";
import { button, element } from "./dom.ts";
import { actions, type Field, fields, quiet, timeOf } from "./file-views.ts";
import { proves, provesByClock, provesNot, provesNothing } from "./proof-meaning.ts";

/** What a certificate says. It was checked here, or is the word of the node that was asked. */
export interface Certificate {
  /** Undefined if only a digest was checked. */
  readonly file: Pick<File, "name" | "size"> | undefined;
  /** The SHA-256 of the file, which leads to the block. */
  readonly digest: Digest;
  /** The node has it in its chain. */
  readonly stamped: StampedBlock;
  /** What the node says of the block's time. */
  readonly known: BlockTime;
  /** What the server is, if it is not a node. */
  readonly notice: string | undefined;
  /** Unix seconds, by the clock of this machine. */
  readonly checkedAt: bigint;
}

/** A button that shows a certificate. */
export function certificateButton(certificate: Certificate): HTMLButtonElement {
  return button("Certificate", "button quiet", () => showCertificate(certificate));
}

/** Shows a certificate above the page. While it is there, nothing else is printed. */
function showCertificate(certificate: Certificate): void {
  const { title } = document;
  const print = button("Print", "button", () => window.print());
  const close = button("Close", "button quiet", () => dialog.close());
  const dialog = element("dialog", { className: "certificate" }, actions(print, close), ...sheetOf(certificate));
  dialog.setAttribute("aria-labelledby", headingId);
  dialog.onclose = () => {
    dialog.remove();
    document.title = title;
  };
  document.body.append(dialog);
  document.title = `Certificate ${certificate.file?.name ?? certificate.digest}`; // names what is printed to a file
  dialog.showModal();
}

const headingId = "certificate-heading";

function sheetOf(certificate: Certificate): readonly Node[] {
  const { known, notice, stamped } = certificate;
  const { isSeen } = headlineOf(known);
  return [
    element("h2", { id: headingId }, "Certificate of a timestamp"),
    ...(notice === undefined ? [] : [element("p", { className: "notice" }, `${notice}. ${provesNothing}`)]),
    leadOf(certificate),
    fields(...fileRows(certificate), ...blockRows(certificate), ...askedRows(certificate)),
    ...section("What it proves", ...(isSeen ? [provesByClock, ...proves] : proves)),
    ...section("What it does not prove", ...provesNot),
    ...section("How to check it", ...howToCheck(stamped)),
  ];
}

function leadOf({ file, known }: Certificate): HTMLElement {
  const { seconds, isSeen } = headlineOf(known);
  const subject = file === undefined ? "A file with this SHA-256" : "This file";
  return element(
    "p",
    { className: "stamped" },
    `${subject} ${isSeen ? "existed by" : "is in a block that claims"} `,
    timeOf(seconds),
    isSeen ? ", says the node that was asked." : ". The node that was asked does not confirm that time.",
  );
}

function fileRows({ file, digest }: Certificate): readonly Field[] {
  const code = element("code", {}, digest);
  if (file === undefined) return [["SHA-256", code, " ", quiet("no file was compared with it")]];
  const name = element("bdi", {}, escapeLine(file.name));
  return [
    ["File", name, " ", quiet(formatSize(file.size))],
    ["SHA-256", code],
  ];
}

function blockRows({ known, stamped: { block, chain, network } }: Certificate): readonly Field[] {
  return [
    ["Block", element("code", {}, block.id)],
    ["Height", formatNumber(block.height)],
    ["Claimed time", timeOf(block.timestamp), " ", quiet(verdictOf(known))],
    ["Chain", element("code", {}, chain)],
    ["Network", network === 0n ? "none: a development chain" : String(network)],
  ];
}

function askedRows({ known: { firstSight }, checkedAt }: Certificate): readonly Field[] {
  const asked: readonly Field[] = [
    ["Node asked", `${location.origin}${location.pathname}`],
    ["Checked", timeOf(checkedAt)],
  ];
  if (!firstSight?.own) return asked;
  const node = firstSight.node === noNode ? [] : [" by ", element("code", {}, escapeLine(firstSight.node))];
  return [["First seen", timeOf(firstSight.time), ...node], ...asked];
}

function howToCheck({ block }: StampedBlock): readonly (string | Node)[] {
  return [
    "Keep the file as it is, and its .ots file. This sheet alone is no proof: anybody can print one.",
    element("span", {}, "With a node that you trust: ", element("code", {}, "timestampvm verify FILE.ots --url URL")),
    element(
      "span",
      {},
      "Without a node: ",
      element("code", {}, `timestampvm verify FILE.ots --to ${block.id}`),
      ". Whoever had this block id on some day, in a newspaper or a letter, knows that the file existed by that day.",
    ),
    "Or drop both files on such a page of another node of this chain.",
  ];
}

function section(heading: string, ...lines: readonly (string | Node)[]): readonly Node[] {
  const items = lines.map((line) => element("li", {}, line));
  return [element("h3", {}, heading), element("ul", {}, ...items)];
}
