import { messageOf } from "../../avalanche/coded-error.ts";
import { digestBytes, digestFromBytes } from "../../core/digest.ts";
import { countOf, formatNumber } from "../../core/format.ts";
import { describeProgress } from "../../core/progress-words.ts";
import { nonceBytes } from "../../core/salted-digest.ts";
import { isUnconfirmed } from "../../core/time-claim.ts";
import { FileTree } from "../../proof/file-proofs.ts";
import { writeOts } from "../../proof/ots/write.ts";
import { expectAbleToCheck } from "./check-proof.ts";
import { button, element } from "./dom.ts";
import { actions, firstStamp } from "./file-views.ts";
import { keepStamps } from "./history.ts";
import { fetchBlocks, type OtsDownload, otsButton, otsOf, toFile, zipButton } from "./ots-files.ts";
import { bestOf, type Found, findStamps, isStamped, stampOf } from "./stamping.ts";
import { type Place, verifyOts } from "./verify-panel.ts";

/** A file, hashed, and where it was stamped before. */
interface HashedFile {
  readonly file: File;
  /** In hex. */
  readonly digest: string;
  readonly stamps: readonly Found[];
}

/** Hashes files one at a time, looks them up, and offers to stamp those together that are not on the chain yet. */
export function stampMany(place: Place, files: readonly File[]): void {
  place.attempt(async (signal) => {
    expectAbleToCheck();
    const say = showProgress(place, files.length);
    const hashed: HashedFile[] = [];
    const asking = new Set<Promise<void>>();
    for (const [i, file] of files.entries()) {
      say(i);
      const digest = await place.hash(file, signal);
      signal.throwIfAborted();
      const asked = findStamps(place.call, digest, signal).then((stamps) => {
        hashed[i] = { file, digest, stamps };
      });
      asking.add(asked);
      if (asking.size === maxAsked) {
        await Promise.all(asking);
        asking.clear();
      }
    }
    await Promise.all(asking);
    offer(place, hashed);
  });
}

/** Files that are looked up at the same time. */
const maxAsked = 16;

function showProgress(place: Place, count: number): (done: number) => void {
  const bar = element("progress", { ariaLabel: "Hashed", max: count, value: 0 });
  const words = element("p", { className: "quiet" });
  const startedAt = performance.now();
  place.show(`Hashing ${formatNumber(count)} files`, bar, words, actions(place.cancel()));
  return (done) => {
    bar.value = done;
    words.textContent = done === 0 ? "" : describeProgress(done, count, performance.now() - startedAt);
  };
}

/** Only a stamp that the node confirms is worth more than a new one. */
function isSettled({ stamps }: HashedFile): boolean {
  return stamps.some(({ claim, height }) => !isUnconfirmed(claim, height));
}

function offer(place: Place, hashed: readonly HashedFile[]): void {
  const fresh = hashed.filter((file) => !isSettled(file));
  const old = hashed.filter(isSettled);
  const words = [
    ...(fresh.length === 0 ? [] : [`${countOf(fresh.length, "file")} not stamped yet: one block entry is for all.`]),
    ...(old.length === 0 ? [] : [`${countOf(old.length, "file")} stamped already.`]),
    "From the proof of one file, nobody learns of another. Nothing of the files leaves this browser.",
  ];
  const label = fresh.length === 0 ? "Make the proofs" : fresh.length === 1 ? "Stamp it now" : "Stamp them now";
  const go = button(label, "button", () => stampTogether(place, fresh, old));
  const list = listOf(hashed, (file) => (isSettled(file) ? `block ${formatNumber(firstOf(file).height)}` : "new"));
  place.show(countOf(hashed.length, "file"), element("p", {}, words.join(" ")), actions(go, place.another()), list);
}

function firstOf({ stamps }: HashedFile): Found {
  if (!isStamped(stamps)) throw new Error("a file without a stamp");
  return bestOf(stamps);
}

function listOf(files: readonly HashedFile[], describe: (file: HashedFile, at: number) => Node | string): HTMLElement {
  const rows = files.map((file, i) => element("li", {}, element("bdi", {}, file.file.name), " ", describe(file, i)));
  return element("ul", { className: "files" }, ...rows);
}

function stampTogether(place: Place, fresh: readonly HashedFile[], old: readonly HashedFile[]): void {
  const tree = fresh.length === 0 ? undefined : treeOf(fresh);
  const root = tree && digestFromBytes(tree.root);
  const stamp = root && stampOf(root, () => {});
  place.attempt(async (signal) => {
    const status = element("p", { role: "status" }, "Stamping…");
    const heading = `Stamping ${countOf(fresh.length + old.length, "file")}`;
    place.show(heading, status, element("progress", { ariaLabel: "Waiting" }), actions(place.another()));
    const say = (text: string) => {
      status.textContent = text;
    };
    const made: Made[] = [];
    let stamps: readonly Found[] = [];
    if (tree !== undefined && root !== undefined && stamp !== undefined) {
      const salted = await stamp(place.call, say, signal);
      stamps = await findStamps(place.call, root, signal);
      const second = salted === undefined ? [] : [{ ...salted.block, nonce: salted.nonce }];
      const prove = tree.prover(await fetchBlocks(place.call, [...stamps.slice(0, 1), ...second]));
      made.push(...fresh.map(({ file, digest }, i) => ({ name: file.name, digest, ots: writeOts(prove(i)) })));
      await keepStamps(made.filter(isProof)); // nobody else has the nonces
    }
    const again: Made[] = [];
    for (const file of old) {
      again.push(await makeAgain(place, file));
      signal.throwIfAborted();
    }
    await keepStamps(again.filter(isProof));
    showMade(place, [...made, ...again], [...fresh, ...old], stamps);
  });
}

/** The proof of a file, or why it has none. */
type Made = OtsDownload | { readonly problem: string };

function isProof(made: Made): made is OtsDownload {
  return "ots" in made;
}

/** The proof of a file that was stamped before. If there is none, such as of a large block, the others have theirs. */
async function makeAgain(place: Place, hashed: HashedFile): Promise<Made> {
  try {
    return otsOf(hashed.file.name, hashed.digest, await fetchBlocks(place.call, [firstOf(hashed)]));
  } catch (error) {
    return { problem: `No proof (.ots): ${messageOf(error)}` };
  }
}

/** Each file has a nonce of its own. */
function treeOf(files: readonly HashedFile[]): FileTree {
  const digests = new Uint8Array(files.length * digestBytes);
  for (const [i, { digest }] of files.entries()) digests.set(Uint8Array.fromHex(digest), i * digestBytes);
  const nonces = new Uint8Array(files.length * nonceBytes);
  for (let at = 0; at < nonces.length; at += maxRandomBytes) {
    crypto.getRandomValues(nonces.subarray(at, at + maxRandomBytes));
  }
  return new FileTree(digests, nonces);
}

/** Bytes that a browser gives at a time. */
const maxRandomBytes = 65_536;

function showMade(place: Place, made: readonly Made[], files: readonly HashedFile[], stamps: readonly Found[]): void {
  const proofs = made.filter(isProof);
  const check = button("Check them", "button quiet", () =>
    verifyOts(
      place,
      proofs.map(toFile),
      files.map(({ file }) => file),
    ),
  );
  const first = isStamped(stamps) ? [firstStamp(stamps, "one SHA-256 for them all")] : [];
  const keep = element("p", {}, "Keep each proof with its file. Anybody can check them, here or with a program.");
  const list = listOf(files, (_file, i) => {
    const one = made[i];
    if (one === undefined) return "";
    return isProof(one) ? otsButton(one, "button quiet") : one.problem;
  });
  place.show(
    `${countOf(files.length, "file")} stamped`,
    ...first,
    keep,
    actions(...(proofs.length === 0 ? [] : [zipButton(proofs), check]), place.another()),
    list,
  );
}
