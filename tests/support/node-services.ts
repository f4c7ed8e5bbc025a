import type { SendAppGossipMsg } from "../../gen/appsender/appsender_pb.ts";
import { GrpcPeer } from "./grpc-peer.ts";
import { MessageQueue } from "./message-queue.ts";
import { servicesOf } from "./services.ts";

/** What a node serves one plugin beside its database. */
export class NodeServices implements AsyncDisposable {
  /** What the plugin sent to messenger.Messenger, which is there until protocol 41. */
  readonly events = new MessageQueue();
  readonly #peer: GrpcPeer;

  static async listen(protocol: number, onGossip: (message: SendAppGossipMsg) => void): Promise<NodeServices> {
    const { appSender, messenger } = servicesOf(protocol);
    const serves = Promise.withResolvers<NodeServices>();
    const peer = await GrpcPeer.listen((router) => {
      router.service(appSender, {
        sendAppGossip: (message) => {
          onGossip(message);
          return {};
        },
      });
      if (messenger === undefined) return;
      router.service(messenger, {
        notify: async ({ message }) => {
          (await serves.promise).events.put(message);
          return {};
        },
      });
    });
    const services = new NodeServices(peer);
    serves.resolve(services);
    return services;
  }

  private constructor(peer: GrpcPeer) {
    this.#peer = peer;
  }

  get address(): string {
    return this.#peer.address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer[Symbol.asyncDispose]();
  }
}
