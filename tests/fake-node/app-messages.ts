import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import type {
  SendAppErrorMsg,
  SendAppGossipMsg,
  SendAppGossipSpecificMsg,
  SendAppRequestMsg,
  SendAppResponseMsg,
} from "../../gen/appsender/appsender_pb.ts";
import { Recording } from "./recording.ts";
import { servicesOf } from "./services.ts";

/**
 * What plugins sent to the VMs of other nodes, with the names of the newest protocol: a field that theirs lacks is not
 * there.
 */
export class AppMessages {
  readonly requests = new Recording<SendAppRequestMsg>("app requests");
  /** To what other nodes asked: responses, and errors from protocol 33 on. Only a response has `response`. */
  readonly answers = new Recording<SendAppResponseMsg | SendAppErrorMsg>("answers to app requests");
  readonly gossip = new Recording<SendAppGossipMsg>("gossip messages");
  /** To some nodes by name, until protocol 34. */
  readonly specificGossip = new Recording<SendAppGossipSpecificMsg>("gossip messages to some nodes");

  #lastRequestId = 0;

  /** For a request of another node: each has its own, as the node gives them. */
  newRequestId(): number {
    this.#lastRequestId++;
    return this.#lastRequestId;
  }

  /**
   * Serves appsender.AppSender in the bytes of one protocol. Refuses node ids that have not 20 bytes, as a node does.
   */
  addTo(router: ConnectRouter, protocol: number): void {
    router.service(servicesOf(protocol).appSender, {
      sendAppRequest: (message) => record(this.requests, message, message.nodeIds),
      sendAppResponse: (message) => record(this.answers, message, [message.nodeId]),
      sendAppError: (message) => record(this.answers, message, [message.nodeId]),
      sendAppGossip: (message) => record(this.gossip, message, message.nodeIds),
      sendAppGossipSpecific: (message) => record(this.specificGossip, message, message.nodeIds),
    });
  }
}

function record<Message>(recording: Recording<Message>, message: Message, nodeIds: readonly Uint8Array[] = []) {
  for (const { length } of nodeIds) {
    if (length !== 20) throw new ConnectError(`expected 20 bytes but got ${length}`, Code.Unknown);
  }
  recording.add(message);
  return {};
}
