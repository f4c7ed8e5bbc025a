import { join } from "node:path";
import type { SendAppGossipMsg } from "../../gen/appsender/appsender_pb.ts";
import { FakeNode as AnyFakeNode } from "../fake-node/fake-node.ts";
import { genesisBytes } from "./chain.ts";
import { Plugin } from "./plugin.ts";
import { pluginCommand } from "./plugin-command.ts";
import { testProtocol } from "./test-protocol.ts";

/** A node whose chain is ours. */
export class FakeNode extends AnyFakeNode {
  /** Speaks the protocol of this run if no other is named. */
  static async start({ protocol = testProtocol } = {}): Promise<FakeNode> {
    return new FakeNode({ protocol, command: pluginCommand, name: "timestampvm", genesisBytes });
  }

  /** What plugins asked to be gossiped. */
  get gossip(): readonly SendAppGossipMsg[] {
    return this.messages.gossip.all;
  }

  get databaseFile(): string {
    return join(this.chainDataDir, "timestampvm.db");
  }

  /** Resolves when so many messages were gossiped. */
  waitForGossip(count: number): Promise<readonly SendAppGossipMsg[]> {
    return this.messages.gossip.until(count);
  }

  override startPlugin(under: readonly string[] = []): Promise<Plugin> {
    return this.startPluginAs(Plugin, under);
  }
}
