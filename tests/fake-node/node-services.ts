import type { SendAppGossipMsg } from "../../gen/appsender/appsender_pb.ts";
import type { FakeDatabase } from "./fake-database.ts";
import { GrpcPeer } from "./grpc-peer.ts";
import { MessageQueue } from "./message-queue.ts";
import { servicesOf } from "./services.ts";

/** What a node has for its chain, whatever process runs that. */
export interface ChainSide {
  readonly database: FakeDatabase;
  readonly onGossip: (message: SendAppGossipMsg) => void;
}

/** What a node serves one plugin, from Initialize to Shutdown. */
export class NodeServices implements AsyncDisposable {
  /** What the plugin sent to messenger.Messenger, which is there until protocol 41. */
  readonly events: MessageQueue;
  /** Where it finds the database. */
  readonly databaseAddress: string;
  /** Where it finds everything else. */
  readonly address: string;
  readonly #peers: readonly GrpcPeer[];

  static async listen(protocol: number, { database, onGossip }: ChainSide): Promise<NodeServices> {
    const { appSender, messenger } = servicesOf(protocol);
    const events = new MessageQueue();
    const lent = await GrpcPeer.listen((router) => database.addTo(router));
    const others = await GrpcPeer.listen((router) => {
      router.service(appSender, {
        sendAppGossip: (message) => {
          onGossip(message);
          return {};
        },
      });
      if (messenger === undefined) return;
      router.service(messenger, {
        notify: ({ message }) => {
          events.put(message);
          return {};
        },
      });
    });
    return new NodeServices(events, lent, others);
  }

  private constructor(events: MessageQueue, lent: GrpcPeer, others: GrpcPeer) {
    this.events = events;
    this.databaseAddress = lent.address;
    this.address = others.address;
    this.#peers = [lent, others];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) await peer[Symbol.asyncDispose]();
  }
}
