import { messageOf } from "../../avalanche/coded-error.ts";
import type { CallApi } from "../../client/client.ts";
import { digestFromHex } from "../../core/digest.ts";
import { isUnconfirmed } from "../../core/time-claim.ts";
import { type Anchor, anchorOf, checkProofFile, isProofFile } from "./check-proof.ts";
import { enableCopying } from "./copy.ts";
import { announce, button, element } from "./dom.ts";
import {
  about,
  acceptDrops,
  actions,
  dropZone,
  firstStamp,
  hashingOf,
  nonceToKeep,
  notProven,
  proven,
  saltedStamp,
  verdictOn,
} from "./file-views.ts";
import { hashFile } from "./hash-file.ts";
import { otsPlace } from "./ots-place.ts";
import { patient, untilAnswered } from "./patience.ts";
import { proofButton } from "./proof.ts";
import { stampMany } from "./stamp-many.ts";
import { bestOf, findStamps, isStamped, type Salted, type Stamps, stampOf, subjectOf } from "./stamping.ts";
import { isOtsFile } from "./verify-ots.ts";
import { type Place, verifyOts } from "./verify-panel.ts";

const kept = "The file";

const becomesPublic =
  "A stamp puts its SHA-256, and nothing else of it, into the next block. There it is public: who guesses the whole " +
  "file can see that the guess is right.";

/** Starts the place for files. */
export function showStampPanel(call: CallApi): void {
  const panel = document.getElementById("stamp");
  if (panel !== null) new StampPanel(call, panel);
}

/**
 * The place for files: hashes a file, looks it up, and stamps it on request; checks a proof. Only the SHA-256 of a file
 * leaves the browser, and of a proof only the height of its last block.
 */
class StampPanel {
  readonly #call: CallApi;
  readonly #panel: HTMLElement;
  /** Ends the work on one file when another begins. */
  #current = new AbortController();
  /** Who gets the next files, while proofs wait for theirs. */
  #expecting: ((files: readonly File[]) => void) | undefined;

  constructor(call: CallApi, panel: HTMLElement) {
    this.#call = call;
    this.#panel = panel;
    acceptDrops(panel, (files) => this.#take(files));
    this.#fill(...this.#start());
  }

  #start(): [heading: string, content: Node] {
    return ["Stamp or look up a file", dropZone((files) => this.#take(files))];
  }

  #showStart(): void {
    this.#current.abort();
    this.#expecting = undefined;
    this.#show(...this.#start());
  }

  #take(files: readonly File[]): void {
    const expecting = this.#expecting;
    void this.#attempt(async (signal) => {
      const proofs = new Set<File>();
      for (const file of files) if (await isOtsFile(file)) proofs.add(file);
      signal.throwIfAborted();
      const others = files.filter((file) => !proofs.has(file));
      if (proofs.size > 0) verifyOts(this.#place, [...proofs], others);
      else if (expecting !== undefined) expecting(others);
      else this.#takeOthers(others);
    });
  }

  #takeOthers(files: readonly File[]): void {
    const [file, second] = files;
    if (file === undefined) return;
    if (second !== undefined) {
      stampMany(this.#place, files);
      return;
    }
    void this.#attempt(async (signal) => {
      const isProof = await isProofFile(file);
      signal.throwIfAborted();
      if (isProof) this.#check(file);
      else this.#lookUp(file);
    });
  }

  /** What the checking of `.ots` files needs of this. */
  get #place(): Place {
    return {
      call: patient(this.#call, this.#panel, "The proof"),
      show: (heading, ...content) => this.#show(heading, ...content),
      attempt: (step) => void this.#attempt(step),
      hash: (file, signal) => untilAnswered(() => hashFile(file, () => {}, signal), this.#panel, kept, signal),
      cancel: () => this.#cancel(),
      another: () => this.#another(),
      lookUp: (files) => this.#takeOthers(files),
      expectFiles: (take) => {
        this.#expecting = take;
      },
    };
  }

  #check(file: File): void {
    void this.#attempt(async (signal) => {
      const progress = element("progress", { ariaLabel: "Checking" });
      this.#show(`Checking ${file.name}`, progress, actions(this.#cancel()));
      const verdict = await checkProofFile(file);
      signal.throwIfAborted();
      const itself = button("Look up this file itself", "button quiet", () => this.#lookUp(file));
      const buttons = actions(itself, this.#another());
      if ("problem" in verdict) {
        this.#show("The proof does not hold", ...notProven(file, verdict.problem), buttons);
        return;
      }
      const show = (anchor: Anchor) => this.#show(verdictOn(anchor), ...proven(file, verdict.proof, anchor), buttons);
      show("asked");
      const anchor = await anchorOf(this.#patiently(), verdict.proof.to, signal);
      if (anchor === "no answer") buttons.prepend(button("Ask again", "button", () => this.#check(file)));
      show(anchor);
    });
  }

  #lookUp(file: File): void {
    void this.#attempt(async (signal) => {
      const { onProgress, views } = hashingOf(file);
      this.#show(`Hashing ${file.name}`, ...views, actions(this.#cancel()));
      const hash = () => hashFile(file, onProgress, signal);
      const digest = await untilAnswered(hash, this.#panel, kept, signal);
      this.#find(file, digest);
    });
  }

  #find(file: File, digest: string): void {
    void this.#attempt(async (signal) => {
      this.#show(`Looking up ${file.name}`, about(file, digest), actions(this.#another()));
      const stamps = await findStamps(this.#patiently(), digest, signal);
      if (isStamped(stamps)) this.#showFound(file, digest, stamps);
      else this.#showNotStamped(file, digest);
    });
  }

  #showNotStamped(file: File, digest: string): void {
    const stamp = button("Stamp it now", "button", () => this.#stamp(file, digest));
    const offer = element("p", {}, becomesPublic);
    this.#show("Not stamped yet", offer, about(file, digest), actions(stamp, this.#another()));
  }

  #stamp(file: File, digest: string): void {
    const nonce = element("div");
    const stamp = stampOf(digest, (text) => {
      nonce.replaceChildren(nonceToKeep(text));
      enableCopying();
    });
    void this.#attempt(async (signal) => {
      const status = element("p", { role: "status" }, "Stamping…");
      const progress = element("progress", { ariaLabel: "Waiting" });
      this.#show(`Stamping ${file.name}`, status, progress, nonce, about(file, digest), actions(this.#another()));
      const say = (text: string) => {
        status.textContent = text;
      };
      const call = this.#patiently();
      const salted = await stamp(call, say, signal);
      const stamps = await findStamps(call, digest, signal);
      if (!isStamped(stamps)) throw new Error("The block that carries it is not there any more.");
      if (salted === undefined) this.#showFound(file, digest, stamps);
      else this.#showSalted(file, digest, stamps, salted);
    }, nonce);
  }

  #showFound(file: File, digest: string, stamps: Stamps): void {
    const proof = proofButton(this.#call, { subject: { digest: digestFromHex(digest) }, name: file.name });
    const ots = otsPlace(this.#place, file, digest, [bestOf(stamps)]);
    const isDoubtful = stamps.every(({ claim, height }) => isUnconfirmed(claim, height));
    const again = button("Stamp it again", "button", () => this.#stamp(file, digest));
    const buttons = actions(...(isDoubtful ? [again] : []), this.#another(), proof);
    this.#show("First stamped", firstStamp(stamps), about(file, digest), ots, buttons);
  }

  #showSalted(file: File, digest: string, stamps: Stamps, salted: Salted): void {
    const proof = proofButton(this.#call, { subject: subjectOf(digest, salted), name: file.name });
    const ots = otsPlace(this.#place, file, digest, [stamps[0], { ...salted.block, nonce: salted.nonce }]);
    const views = [firstStamp(stamps), saltedStamp(salted), about(file, digest), ots];
    this.#show("Stamped again, with a nonce", ...views, actions(this.#another(), proof));
    enableCopying();
  }

  #cancel(): HTMLButtonElement {
    return button("Cancel", "button quiet", () => this.#showStart());
  }

  #another(): HTMLButtonElement {
    return button("Another file", "button quiet", () => this.#showStart());
  }

  /** Goes on until the node answers, and says meanwhile that it does not. */
  #patiently(): CallApi {
    return patient(this.#call, this.#panel, kept);
  }

  /** Takes a step. If it fails, `kept` stays on the page, and the step may be taken again. */
  async #attempt(step: (signal: AbortSignal) => Promise<void>, ...kept: readonly Node[]): Promise<void> {
    this.#current.abort();
    this.#current = new AbortController();
    this.#expecting = undefined;
    const { signal } = this.#current;
    try {
      await step(signal);
    } catch (error) {
      if (signal.aborted) return;
      const retry = button("Try again", "button", () => void this.#attempt(step, ...kept));
      this.#show("That did not work", element("p", {}, messageOf(error)), ...kept, actions(retry, this.#another()));
    }
  }

  #show(heading: string, ...content: readonly Node[]): void {
    const hadFocus = this.#panel.contains(document.activeElement);
    const title = this.#fill(heading, ...content);
    if (hadFocus)
      title.focus(); // the focused element is gone
    else announce(heading);
  }

  #fill(heading: string, ...content: readonly Node[]): HTMLElement {
    const title = element("h2", { id: "stamp-heading", tabIndex: -1 }, heading);
    this.#panel.replaceChildren(title, ...content);
    return title;
  }
}
