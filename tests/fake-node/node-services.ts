import type { AppMessages } from "./app-messages.ts";
import { serveDatabase } from "./database-server.ts";
import type { FakeDatabase } from "./fake-database.ts";
import type { FakeValidators } from "./fake-validators.ts";
import { GrpcPeer } from "./grpc-peer.ts";
import { MessageQueue } from "./message-queue.ts";
import { servicesOf } from "./services.ts";

/** What a node has for its chain, whatever process runs that. */
export interface ChainSide {
  readonly database: FakeDatabase;
  readonly messages: AppMessages;
  readonly validators: FakeValidators;
}

/** What a node serves one plugin, from Initialize to Shutdown. */
export class NodeServices implements AsyncDisposable {
  /** What the plugin sent to messenger.Messenger, which is there until protocol 41. */
  readonly events: MessageQueue;
  /** Serves the database. */
  readonly database: GrpcPeer;
  /** Serves everything else. */
  readonly others: GrpcPeer;

  /** Serves in the bytes of one protocol. */
  static async listen(protocol: number, { database, messages, validators }: ChainSide): Promise<NodeServices> {
    const { messenger } = servicesOf(protocol);
    const events = new MessageQueue();
    const databaseServer = await GrpcPeer.listen((router) => serveDatabase(router, database, protocol));
    const others = await GrpcPeer.listen((router) => {
      messages.addTo(router, protocol);
      validators.addTo(router, protocol);
      if (messenger === undefined) return;
      router.service(messenger, {
        notify: ({ message }) => {
          events.put(message);
          return {};
        },
      });
    });
    return new NodeServices(events, databaseServer, others);
  }

  private constructor(events: MessageQueue, database: GrpcPeer, others: GrpcPeer) {
    this.events = events;
    this.database = database;
    this.others = others;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
    await this.others[Symbol.asyncDispose]();
  }
}
