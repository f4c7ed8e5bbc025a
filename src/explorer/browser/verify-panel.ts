import type { CallApi } from "../../client/client.ts";
import { digestFromHex } from "../../core/digest.ts";
import { countOf } from "../../core/format.ts";
import { keyOf } from "../../proof/block-claims.ts";
import { button, element } from "./dom.ts";
import { actions, fileChooser } from "./file-views.ts";
import { type HashedFile, originalsAmong } from "./originals.ts";
import { type CheckedOts, verdictOf } from "./ots-verdict.ts";
import { certificateOf, otsLine, otsView } from "./ots-views.ts";
import { headings, summaryOf } from "./ots-words.ts";
import { type ReadProof, readOtsFile, type Standing, type Standings, standingOf } from "./verify-ots.ts";

/** The place for files, as the checking of proofs needs it. */
export interface Place {
  /** Goes on until the node answers, and says meanwhile that it does not. */
  readonly call: CallApi;
  show(heading: string, ...content: readonly Node[]): void;
  /** Takes a step, which ends when another begins. If it fails, people may try it again. */
  attempt(step: (signal: AbortSignal) => Promise<void>): void;
  /** Gives the SHA-256 of a file in hex. */
  hash(file: File, signal: AbortSignal): Promise<string>;
  /** Buttons that lead back to the start. */
  cancel(): HTMLButtonElement;
  another(): HTMLButtonElement;
  /** Looks up files themselves. */
  lookUp(files: readonly File[]): void;
  /** Who gets files that are dropped from now on, until another step begins, if no proof is among them. */
  expectFiles(take: (files: readonly File[]) => void): void;
}

/**
 * Checks `.ots` files, with files that may be their originals, of which some are hashed already. Only the heights of
 * blocks leave the browser.
 */
export function verifyOts(
  place: Place,
  proofs: readonly File[],
  files: readonly File[],
  known: readonly HashedFile[] = [],
): void {
  place.attempt(async (signal) => {
    const say = showProgress(place, proofs);
    const read = await readAll(proofs, say, signal);
    const hashed = [...known, ...(await hashAll(place, files, say, signal))];
    const originalOf = originalsAmong(hashed, proofs.length === 1);
    const found = read.map((proof) => ({ ...proof, original: originalOf(proof) }));
    const show = (standings: Standings) =>
      showChecked(
        place,
        found.map((proof) => ({ ...proof, standings })),
        hashed,
      );
    if (proofs.length === 1) show(new Map());
    else say("Asking this node…");
    show(await askAll(place.call, read, signal));
  });
}

/** Says how far it is. */
type Say = (text: string) => void;

function showProgress(place: Place, proofs: readonly File[]): Say {
  const words = element("p", { className: "quiet" });
  const bar = element("progress", { ariaLabel: "Checking" });
  place.show(`Checking ${nameOf(proofs)}`, bar, words, actions(place.cancel()));
  return (text) => {
    words.textContent = text;
  };
}

function nameOf(files: readonly File[]): string {
  const [first, second] = files;
  return first !== undefined && second === undefined ? first.name : countOf(files.length, "proof");
}

async function readAll(proofs: readonly File[], say: Say, signal: AbortSignal): Promise<readonly ReadProof[]> {
  const read: ReadProof[] = [];
  for (const [i, file] of proofs.entries()) {
    say(`Reading proof ${i + 1} of ${proofs.length}`);
    read.push({ file, reading: await readOtsFile(file) });
    signal.throwIfAborted();
  }
  return read;
}

/** One at a time, so that no more than a part of one is in memory. */
async function hashAll(place: Place, files: readonly File[], say: Say, signal: AbortSignal) {
  const hashed: HashedFile[] = [];
  for (const [i, file] of files.entries()) {
    say(`Hashing ${file.name}, ${i + 1} of ${files.length}`);
    hashed.push({ file, digest: digestFromHex(await place.hash(file, signal)) });
    signal.throwIfAborted();
  }
  return hashed;
}

/** Asks for each block once: the proofs of one tree have the same. */
async function askAll(call: CallApi, proofs: readonly ReadProof[], signal: AbortSignal) {
  const standings = new Map<string, Standing>();
  for (const stamped of proofs.flatMap(({ reading }) => ("problem" in reading ? [] : reading.blocks))) {
    const key = keyOf(stamped);
    if (!standings.has(key)) standings.set(key, await standingOf(call, stamped, signal));
  }
  return standings;
}

function showChecked(place: Place, checked: readonly CheckedOts[], hashed: readonly HashedFile[]): void {
  const checkedAt = BigInt(Math.floor(Date.now() / 1_000));
  const proofs = checked.map(({ file }) => file);
  const verdicts = checked.map(verdictOf);
  const [first, second] = checked;
  const isAlone = first !== undefined && second === undefined;
  const more = (files: readonly File[]) => verifyOts(place, proofs, files, hashed);
  const holding = new Set(checked.flatMap((proof, i) => (verdicts[i] === "holds" ? [proof.original?.file] : [])));
  const others = hashed.map(({ file }) => file).filter((file) => !holding.has(file));
  const buttons = actions(
    ...(verdicts.includes("no answer") ? [button("Ask again", "button", () => more([]))] : []),
    ...(isAlone ? certificateOf(first, checkedAt) : []),
    ...(others.length > 0 ? [button(`Look up ${nameOthers(others)}`, "button quiet", () => place.lookUp(others))] : []),
    place.another(),
  );
  const lacksFile = checked.some(({ original, reading }) => !original?.isSame && !("problem" in reading));
  if (lacksFile) buttons.prepend(fileChooser(isAlone ? "Choose the file" : "Choose their files", more));
  if (isAlone) place.show(headings[verdictOf(first)], ...otsView(first), buttons);
  else place.show(summaryOf(verdicts), ...lines(checked, checkedAt), buttons);
  if (lacksFile) place.expectFiles(more);
}

/** Those that hold stand last: there may be thousands. */
function lines(checked: readonly CheckedOts[], checkedAt: bigint): readonly Node[] {
  const holds = (proof: CheckedOts) => Number(verdictOf(proof) === "holds");
  return checked.toSorted((a, b) => holds(a) - holds(b)).map((proof) => otsLine(proof, checkedAt));
}

function nameOthers(others: readonly File[]): string {
  return others.length === 1 ? `${others[0]?.name} itself` : countOf(others.length, "other file");
}
