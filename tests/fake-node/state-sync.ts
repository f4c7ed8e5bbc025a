import { Error as Answer, Message, StateSummaryAcceptResponse_Mode as Mode, State } from "../../gen/vm/vm_pb.ts";
import { within } from "./deadline.ts";
import type { NodeServices } from "./node-services.ts";
import { has, waysOf } from "./protocols.ts";
import type { VmClient } from "./vm-client.ts";

/** What a node offers to others, who then need not run all blocks before it. */
export interface StateSummary {
  /** 32 bytes. */
  readonly id: Uint8Array;
  readonly height: bigint;
  readonly bytes: Uint8Array;
}

/** A plugin as its node sees it. */
interface SyncingPlugin {
  readonly protocol: number;
  readonly vm: VmClient;
  readonly node: NodeServices;
}

/**
 * The newest summary, as a peer that wants to sync makes the node ask for it, and once more by its height, as those who
 * vote do. undefined where the VM has none or knows no state sync. Throws when the two differ.
 */
export async function lastStateSummary(vm: VmClient): Promise<StateSummary | undefined> {
  const { id, height, bytes, err } = await vm.getLastStateSummary({});
  if (err !== Answer.UNSPECIFIED) return undefined;
  const voted = await vm.getStateSummary({ height });
  if (voted.err !== Answer.UNSPECIFIED || voted.id.toHex() !== id.toHex()) {
    throw new Error(`the last summary, ${id.toHex()}, is not that of height ${height}`);
  }
  return { id, height, bytes };
}

/**
 * Lets a plugin sync to the summary that the network has agreed on, as the node does after Initialize
 * (snow/engine/snowman/syncer), and gives how it took it: "skipped" for bootstrapping from where it is, "static" when
 * it is done, "dynamic" when it goes on while the node bootstraps. Then comes `toNormalOperation`. Throws where the
 * node would not sync, or where the chain would stop.
 */
export async function syncState(plugin: SyncingPlugin, summary: Uint8Array): Promise<"skipped" | "static" | "dynamic"> {
  const { vm } = plugin;
  const { enabled, err } = await vm.stateSyncEnabled({});
  if (!enabled || err !== Answer.UNSPECIFIED) throw new Error("the VM does not sync");
  await vm.setState({ state: State.STATE_SYNCING });
  refuse("getOngoingSyncStateSummary", (await vm.getOngoingSyncStateSummary({})).err, Answer.NOT_FOUND);
  refuse("parseStateSummary", (await vm.parseStateSummary({ bytes: summary })).err);
  const accepted = await vm.stateSummaryAccept({ bytes: summary });
  refuse("stateSummaryAccept", accepted.err);
  if (accepted.mode === Mode.SKIPPED) return "skipped";
  if (accepted.mode === Mode.DYNAMIC) return "dynamic";
  await waitForEnd(plugin);
  return "static";
}

function refuse(method: string, err: Answer, harmless: Answer = Answer.UNSPECIFIED): void {
  if (err !== Answer.UNSPECIFIED && err !== harmless) throw new Error(`${method} answers with error ${err}`);
}

/** The plugin says when it is done, as it says that there is something to build. */
async function waitForEnd({ vm, node, protocol }: SyncingPlugin): Promise<void> {
  const [message, wanted] = has(protocol, "vm.VM.WaitForEvent")
    ? [vm.waitForEvent({}).then(({ message }) => message), Message.STATE_SYNC_FINISHED]
    : [node.events.take(), waysOf(protocol).stateSyncFinished];
  const found = await within("the end of the state sync", message);
  if (found !== wanted) throw new Error(`message ${found} is not the end of the state sync`);
}
