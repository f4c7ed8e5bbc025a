import { answerQuestion } from "../../src/clients/answer.ts";
import type { Answer, Question } from "../../src/clients/messages.ts";
import { RemoteChain } from "../../src/clients/remote-chain.ts";
import type { SharedFigures } from "../../src/clients/shared.ts";
import { Log } from "../../src/log.ts";
import { BlockReader } from "../../src/store/block-reader.ts";
import type { Clock } from "../../src/vm/clock.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { temporaryDirectory } from "./temporary.ts";

// The chain as the clients' thread sees it, for tests that hold both ends in their hands: there is no other thread, but
// all that crosses goes through a channel, and what is read through a connection of its own.

/** Whether tests of the API look at a chain so, and not as `dev` does. */
export const isAcross: boolean = process.env.CHAIN_VIEW === "across";

/** Where a chain is that can be seen so. */
export interface Place {
  readonly file: string;
  readonly head: SharedFigures;
  readonly clock: Clock;
}

/**
 * A file for a chain that a test would keep in memory, which no second connection could read. It is left behind: whoever
 * sets CHAIN_VIEW gives the run a place for temporary files.
 */
export function newFile(): string {
  return temporaryDirectory().file("chain.db");
}

export function viewAcross(vm: Vm, { file, head, clock }: Place): RemoteChain {
  const { port1: here, port2: there } = new MessageChannel();
  const reader = BlockReader.openBeside(file);
  const chain = new RemoteChain({ reader, clock, head, ask: (question) => there.postMessage(question) });
  here.onmessage = async ({ data }: { readonly data: Question }) =>
    here.postMessage(await answerQuestion(vm, data, new Log(() => {})));
  there.onmessage = ({ data }: { readonly data: Answer | "confirmed" }) =>
    data === "confirmed" ? chain.wake() : chain.receive(data);
  head.onAwaitedHeight = () => here.postMessage("confirmed");
  return chain;
}
