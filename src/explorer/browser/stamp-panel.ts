import { messageOf } from "../../avalanche/coded-error.ts";
import type { CallApi } from "../../client/client.ts";
import { checkProofFile, isOnChain, isProofFile } from "./check-proof.ts";
import { announce, button, element } from "./dom.ts";
import { about, acceptDrops, actions, dropZone, firstStamp, notProven, proven } from "./file-views.ts";
import { hashFile } from "./hash-file.ts";
import { enableProof } from "./proof.ts";
import { type Found, findFirst, stampDigest } from "./stamping.ts";

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

  constructor(call: CallApi, panel: HTMLElement) {
    this.#call = call;
    this.#panel = panel;
    acceptDrops(panel, (file) => this.#take(file));
    this.#fill(...this.#start());
  }

  #start(): [heading: string, content: Node] {
    return ["Stamp or look up a file", dropZone((file) => this.#take(file))];
  }

  #showStart(): void {
    this.#current.abort();
    this.#show(...this.#start());
  }

  #take(file: File): void {
    void this.#attempt(async (signal) => {
      const isProof = await isProofFile(file);
      signal.throwIfAborted();
      if (isProof) this.#check(file);
      else this.#lookUp(file);
    });
  }

  #check(file: File): void {
    void this.#attempt(async (signal) => {
      const progress = element("progress", { ariaLabel: "Checking" });
      this.#show(`Checking ${file.name}`, progress, actions(this.#cancel()));
      const verdict = await checkProofFile(file);
      signal.throwIfAborted();
      const buttons = actions(
        button("Look up this file itself", "button quiet", () => this.#lookUp(file)),
        this.#another(),
      );
      if ("problem" in verdict) {
        this.#show("The proof does not hold", ...notProven(file, verdict.problem), buttons);
        return;
      }
      const isKnown = await isOnChain(this.#call, verdict.proof.to, signal);
      if (isKnown === undefined) buttons.prepend(button("Ask again", "button", () => this.#check(file)));
      const heading = isKnown === true ? "The proof holds" : "The proof is consistent";
      this.#show(heading, ...proven(file, verdict.proof, isKnown), buttons);
    });
  }

  #lookUp(file: File): void {
    void this.#attempt(async (signal) => {
      const progress = element("progress", { max: Math.max(file.size, 1), value: 0, ariaLabel: "Hashed" });
      this.#show(`Hashing ${file.name}`, progress, actions(this.#cancel()));
      const showProgress = (bytes: number) => {
        progress.value = bytes;
      };
      const digest = await hashFile(file, showProgress, signal);
      const found = await findFirst(this.#call, digest, signal);
      if (found !== undefined) this.#showFound(file, digest, found);
      else this.#showNotStamped(file, digest);
    });
  }

  #showNotStamped(file: File, digest: string): void {
    const stamp = button("Stamp it now", "button", () => this.#stamp(file, digest));
    const offer = element("p", {}, "A stamp puts its SHA-256, and nothing else of it, into the next block.");
    this.#show("Not stamped yet", offer, about(file, digest), actions(stamp, this.#another()));
  }

  #stamp(file: File, digest: string): void {
    void this.#attempt(async (signal) => {
      const status = element("p", { role: "status" }, "Stamping…");
      this.#show(
        `Stamping ${file.name}`,
        status,
        element("progress", { ariaLabel: "Waiting" }),
        actions(this.#another()),
      );
      const say = (text: string) => {
        status.textContent = text;
      };
      await stampDigest(this.#call, digest, say, signal);
      const found = await findFirst(this.#call, digest, signal);
      if (found === undefined) throw new Error("The block that carries it is not there any more.");
      this.#showFound(file, digest, found);
    });
  }

  #showFound(file: File, digest: string, block: Found): void {
    const proof = element("button", { type: "button", className: "button" }, "Download proof");
    enableProof(proof, this.#call, block.id, file.name);
    this.#show("First stamped", firstStamp(block), about(file, digest), actions(proof, this.#another()));
  }

  #cancel(): HTMLButtonElement {
    return button("Cancel", "button quiet", () => this.#showStart());
  }

  #another(): HTMLButtonElement {
    return button("Another file", "button quiet", () => this.#showStart());
  }

  async #attempt(step: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#current.abort();
    this.#current = new AbortController();
    const { signal } = this.#current;
    try {
      await step(signal);
    } catch (error) {
      if (signal.aborted) return;
      const retry = button("Try again", "button", () => void this.#attempt(step));
      this.#show("That did not work", element("p", {}, messageOf(error)), actions(retry, this.#another()));
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
