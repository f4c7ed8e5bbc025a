import type { Config } from "../core/config.ts";
import type { Digest } from "../core/digest.ts";
import type { ChainRefusal } from "../core/errors.ts";
import type { Submission } from "../core/proposal.ts";
import type { UndecidedStatus } from "../vm/chain-view.ts";
import type { Identity } from "../vm/identity.ts";
import type { VmRefusal } from "../vm/refusal.ts";
import type { Status } from "../vm/status.ts";

// All that crosses between the thread of consensus and that of the clients, beside what `SharedFigures` has. It is only
// what a structured clone keeps: an error goes as its refusal. What can cross once per turn does not cross once per
// request.

/** What the thread of consensus says to that of the clients. */
export type ToClients =
  | ({ readonly type: "open" } & Opening)
  /** The confirmed height has grown, and somebody waits for that. */
  | { readonly type: "confirmed" }
  | Answer
  /** Close the file, and end. */
  | { readonly type: "close" };

/** Which chain is served, and how. */
export interface Opening {
  /** The database file, which this process has open. */
  readonly file: string;
  /** Of `SharedFigures`. */
  readonly memory: SharedArrayBuffer;
  readonly identity: Identity;
  readonly config: Config;
  /** Where to listen; 0 for any free port. */
  readonly port: number;
}

/** What the thread of the clients says to that of consensus. One question of each kind is under way at a time. */
export type FromClients =
  | { readonly type: "listening"; readonly address: string }
  | Question
  /** The file is closed, and the thread about to end. */
  | { readonly type: "closed" };

export type Question =
  | { readonly type: "propose"; readonly batch: readonly Submission[] }
  /** What became of data that no accepted block carries. */
  | { readonly type: "undecided"; readonly digests: readonly Digest[] }
  | { readonly type: "status" };

/** The answer to the question of the same type. */
export type Answer =
  | { readonly type: "propose"; readonly outcome: Outcome<readonly (ChainRefusal | undefined)[]> }
  | { readonly type: "undecided"; readonly outcome: Outcome<readonly UndecidedStatus[]> }
  | { readonly type: "status"; readonly outcome: Outcome<Status> };

/** What was asked for, why the chain refuses it, or what a bug says. */
export type Outcome<T> = { readonly value: T } | { readonly refusal: VmRefusal } | { readonly bug: string };
