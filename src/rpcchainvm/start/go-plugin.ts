import { GRPCBroker, GRPCController, GRPCStdio } from "../../../gen/plugin/plugin_pb.ts";
import type { GrpcServer } from "../grpc/server.ts";

/** The reply to Shutdown is sent first. The node kills us after two seconds (go-plugin v1.4.4, client.go:407-474). */
const endAfterMs = 100;

/** Adds the services that hashicorp/go-plugin requires of each plugin. `end` ends the process. */
export function addGoPluginServices(server: GrpcServer, end: () => void): void {
  server.add(GRPCController, {
    shutdown: () => {
      setTimeout(end, endAfterMs);
      return {};
    },
  });
  server.hold(GRPCBroker.method.startStream);
  server.hold(GRPCStdio.method.streamStdio);
}

/**
 * The line that go-plugin reads first: its own version, the protocol's, and where we serve (go-plugin v1.4.4,
 * client.go:692).
 */
export function goPluginLine(protocolVersion: number, address: string): string {
  return `1|${protocolVersion}|tcp|${address}|grpc\n`;
}
