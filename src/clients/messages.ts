import type { Config } from "../core/config.ts";
import type { Digest } from "../core/digest.ts";
import type { ChainRefusal } from "../core/errors.ts";
import type { Submission } from "../core/proposal.ts";
import type { UndecidedStatus } from "../vm/chain-view.ts";
import type { Identity } from "../vm/identity.ts";
import type { VmRefusal } from "../vm/refusal.ts";
import type { Status } from "../vm/status.ts";

// The messages between the thread of consensus and the clients' thread. They also share `SharedFigures`. Messages are
// structured clones, so an error is sent as its refusal. Where possible, one message serves all requests of a turn.

/** Messages to the clients' thread. */
export type ToClients =
  | ({ readonly type: "open" } & Opening)
  /** The confirmed height has grown, and somebody waits for it. */
  | { readonly type: "confirmed" }
  | Answer
  /** Asks the thread to close the file, and to end. */
  | { readonly type: "close" };

/** The chain to serve. */
export interface Opening {
  /** The database file, which this process has open. */
  readonly file: string;
  /** The memory of `SharedFigures`. */
  readonly memory: SharedArrayBuffer;
  readonly identity: Identity;
  readonly config: Config;
  /** Where to listen; 0 for any free port. */
  readonly port: number;
}

/** Messages from the clients' thread. It has at most one open question of each type at a time. */
export type FromClients =
  | { readonly type: "listening"; readonly address: string }
  | Question
  /** The file is closed, and the thread is about to end. */
  | { readonly type: "closed" };

export type Question =
  | { readonly type: "propose"; readonly batch: readonly Submission[] }
  /** Asks for the status of data that no accepted block carries. */
  | { readonly type: "undecided"; readonly digests: readonly Digest[] }
  | { readonly type: "status" };

/** The answer to the question of the same type. */
export type Answer =
  | { readonly type: "propose"; readonly outcome: Outcome<readonly (ChainRefusal | undefined)[]> }
  | { readonly type: "undecided"; readonly outcome: Outcome<readonly UndecidedStatus[]> }
  | { readonly type: "status"; readonly outcome: Outcome<Status> };

/** The value that was asked for, the refusal of the chain, or the text of a bug. */
export type Outcome<T> = { readonly value: T } | { readonly refusal: VmRefusal } | { readonly bug: string };
