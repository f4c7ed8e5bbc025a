import { Batches } from "../api/batches.ts";
import type { Awaitable } from "../avalanche/awaitable.ts";
import type { Digest } from "../core/digest.ts";
import { ChainError, type ChainRefusal } from "../core/errors.ts";
import type { Submission } from "../core/proposal.ts";
import type { BlockReader } from "../store/block-reader.ts";
import type { ChainView, Receipt, Refusals, UndecidedStatus } from "../vm/chain-view.ts";
import type { Clock } from "../vm/clock.ts";
import { ConfirmedChain, type ConfirmedHead, maxWokenPerTurn } from "../vm/confirmed-chain.ts";
import { decidedReceipt } from "../vm/receipt.ts";
import { vmErrorOf } from "../vm/refusal.ts";
import type { Status } from "../vm/status.ts";
import type { Answer, Outcome, Question } from "./messages.ts";

/** A status is used again for this many milliseconds, unless a block or proposal came meanwhile. */
export const statusMs = 100;
/** The most digests in one question. */
const maxDigests = 1_000;

export interface RemoteParts {
  /** Has a connection of its own, on this thread. */
  readonly reader: BlockReader;
  readonly clock: Clock;
  readonly head: ConfirmedHead;
  /** Sends a question to the thread of consensus. */
  readonly ask: (question: Question) => void;
}

/**
 * The chain for code that answers clients on another thread than consensus. It reads blocks from the file. It asks the
 * thread of consensus for what only that one knows: all questions of a turn in one message.
 */
export class RemoteChain implements ChainView {
  readonly confirmed: ConfirmedChain;
  readonly #parts: RemoteParts;
  readonly #proposed = new OneAnswer<readonly (ChainRefusal | undefined)[]>();
  readonly #looked = new OneAnswer<readonly UndecidedStatus[]>();
  readonly #reported = new OneAnswer<Status>();
  readonly #undecided: Batches<Digest, UndecidedStatus>;
  readonly #statuses: Batches<undefined, Status>;
  #known: KnownStatus | undefined;
  #proposals = 0;
  #isWaking = false;

  constructor(parts: RemoteParts) {
    const { reader, clock, head, ask } = parts;
    this.#parts = parts;
    this.confirmed = new ConfirmedChain(reader, clock, head);
    const look = (digests: readonly Digest[]) => this.#looked.to(() => ask({ type: "undecided", digests }));
    this.#undecided = new Batches(look, { maxItems: maxDigests });
    this.#statuses = new Batches((all) => this.#askStatus(all.length));
  }

  /** See `Propose`. Only one batch at a time. */
  async propose(batch: readonly Submission[]): Promise<Refusals> {
    try {
      const refusals = await this.#proposed.to(() => this.#parts.ask({ type: "propose", batch: batch.map(copyOf) }));
      return refusals.map((refusal) => refusal && new ChainError(refusal));
    } finally {
      this.#proposals++;
    }
  }

  /** Reads the file again after the answer: an accept may have put the data there meanwhile. */
  async receiptOf(digest: Digest): Promise<Receipt> {
    const inFile = () => decidedReceipt(digest, this.confirmed, this.#parts.reader);
    const known = inFile();
    if (known !== undefined) return known;
    const status = await this.#undecided.ask(digest);
    return inFile() ?? { status };
  }

  /** Up to `statusMs` old, but never older than the last confirmed block or the last proposal of a client here. */
  status(): Awaitable<Status> {
    const { clock, head } = this.#parts;
    const known = this.#known;
    const isSame = known?.height === head.height && known.proposals === this.#proposals;
    return isSame && clock.elapsedMs() - known.askedAtMs < statusMs ? known.status : this.#statuses.ask(undefined);
  }

  /** Takes the answer to a question. */
  receive(answer: Answer): void {
    switch (answer.type) {
      case "propose":
        return this.#proposed.settle(answer.outcome);
      case "undecided":
        return this.#looked.settle(answer.outcome);
      case "status":
        return this.#reported.settle(answer.outcome);
    }
  }

  /** Wakes calls that wait for confirmed blocks, some in each turn. Call it when the confirmed height has grown. */
  wake(): void {
    if (this.#isWaking) return;
    this.#isWaking = this.confirmed.wake(maxWokenPerTurn);
    if (!this.#isWaking) return;
    setImmediate(() => {
      this.#isWaking = false;
      this.wake();
    });
  }

  async #askStatus(askers: number): Promise<Status[]> {
    const { clock, head, ask } = this.#parts;
    const asked = { height: head.height, proposals: this.#proposals, askedAtMs: clock.elapsedMs() };
    const status = await this.#reported.to(() => ask({ type: "status" }));
    this.#known = { ...asked, status };
    return Array<Status>(askers).fill(status);
  }
}

/** A status, and what this thread knew when it asked for it. */
interface KnownStatus {
  readonly status: Status;
  readonly height: bigint;
  /** How many batches of proposals were answered by then. */
  readonly proposals: number;
  readonly askedAtMs: number;
}

/** The answer to the one open question of a type. */
class OneAnswer<T> {
  #waiting: PromiseWithResolvers<T> | undefined;

  to(ask: () => void): Promise<T> {
    const waiting = Promise.withResolvers<T>();
    this.#waiting = waiting;
    ask();
    return waiting.promise;
  }

  settle(outcome: Outcome<T>): void {
    if ("value" in outcome) this.#waiting?.resolve(outcome.value);
    else this.#waiting?.reject("refusal" in outcome ? vmErrorOf(outcome.refusal) : new Error(outcome.bug));
  }
}

/** Copies data that is a part of a request: a structured clone would copy the whole buffer behind it. */
function copyOf(submission: Submission): Submission {
  const { data } = submission;
  return data.length === data.buffer.byteLength ? submission : { ...submission, data: data.slice() };
}
