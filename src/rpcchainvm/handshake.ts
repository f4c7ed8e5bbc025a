import { Code, ConnectError } from "@connectrpc/connect";
import { Runtime } from "../../gen/vm/runtime/runtime_pb.ts";
import { GrpcClient } from "./grpc-client.ts";
import { protocolVersion } from "./protocol.ts";

/** The node waits 5 s from the start of the process (avalanchego v1.14.2, vms/rpcchainvm/runtime/runtime.go:16). */
const timeoutMs = 5_000;

/** Tells the node at `runtimeAddress` what we speak and where we serve. Throws the node's reason when it refuses. */
export async function shakeHands(runtimeAddress: string, addr: string): Promise<void> {
  const client = new GrpcClient(runtimeAddress);
  try {
    await client.call(Runtime.method.initialize, { protocolVersion, addr }, timeoutMs);
  } catch (error) {
    const { rawMessage } = ConnectError.from(error, Code.Unknown);
    throw new Error(`the node at ${runtimeAddress} refused the handshake: ${rawMessage}`, { cause: error });
  } finally {
    client.close();
  }
}
