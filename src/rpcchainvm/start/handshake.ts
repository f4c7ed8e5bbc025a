import { Code, ConnectError } from "@connectrpc/connect";
import { Runtime } from "../../../gen/vm/runtime/runtime_pb.ts";
import { GrpcClient } from "../grpc/client.ts";

/** The node waits 5 s from the start of the process (avalanchego v1.14.2, vms/rpcchainvm/runtime/runtime.go:16). */
const timeoutMs = 5_000;

/** The node refuses our protocol, and says which one is its own. */
export class ProtocolMismatch extends Error {
  readonly wanted: number;

  constructor(wanted: number, message: string, options: ErrorOptions) {
    super(message, options);
    this.wanted = wanted;
  }
}

/**
 * Reports our protocol, and our address `addr` (`host:port`), to the node at `runtimeAddress`. Throws the node's reason
 * when it refuses, as `ProtocolMismatch` if it names another protocol.
 */
export async function shakeHands(runtimeAddress: string, protocolVersion: number, addr: string): Promise<void> {
  const client = new GrpcClient(runtimeAddress);
  try {
    await client.call(Runtime.method.initialize, { protocolVersion, addr }, timeoutMs);
  } catch (error) {
    const { rawMessage } = ConnectError.from(error, Code.Unknown);
    const message = `the node at ${runtimeAddress} refused the handshake: ${rawMessage}`;
    const wanted = wantedProtocol(rawMessage);
    throw wanted === undefined
      ? new Error(message, { cause: error })
      : new ProtocolMismatch(wanted, message, { cause: error });
  } finally {
    client.close();
  }
}

/** Reads the node's protocol from its refusal, in the words of v1.10.9 and older, or of v1.10.10 and newer. */
function wantedProtocol(reason: string): number | undefined {
  const [, until, from] = /avalanchego: (\d+), vm:|implements RPCChainVM protocol version (\d+)/.exec(reason) ?? [];
  const number = until ?? from;
  return number === undefined ? undefined : Number(number);
}
