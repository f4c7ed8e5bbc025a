import type { InitializeRequest } from "../../../gen/vm/vm_pb.ts";
import { idFromBytes } from "../../avalanche/id.ts";
import { nodeIdFromBytes } from "../../avalanche/node-id.ts";
import type { Log } from "../../log.ts";
import type { NodeContext } from "../chain-vm.ts";
import { GrpcClient } from "../grpc/client.ts";
import type { Protocol } from "../protocol.ts";
import { defaultChainDataDir, type NodeSettings } from "../start/chain-data-dir.ts";
import { AppSender } from "./app-sender.ts";
import { NodeDatabase } from "./database.ts";
import { Validators } from "./validators.ts";

interface ConnectionOptions {
  readonly protocol: Protocol;
  readonly node: NodeSettings;
  readonly log: Log;
}

/** A chain's connections to its node. */
export interface NodeConnection {
  readonly context: NodeContext;
  readonly appSender: AppSender;
  /** A client of the services that the node has beside its database. */
  readonly services: GrpcClient;
  readonly close: () => void;
}

/** Gives what the node said at Initialize, with clients of its services. Each connects at its first call. */
export function openNode(request: InitializeRequest, { protocol, node, log }: ConnectionOptions): NodeConnection {
  const { networkId, subnetId, chainId, nodeId, publicKey, genesisBytes, upgradeBytes, configBytes } = request;
  const database = new GrpcClient(request.dbServerAddr);
  const services = new GrpcClient(request.serverAddr);
  const appSender = new AppSender(services, protocol);
  return {
    context: {
      protocol: protocol.version,
      networkId,
      subnetId: idFromBytes(subnetId),
      chainId: idFromBytes(chainId),
      nodeId: nodeIdFromBytes(nodeId),
      publicKey,
      genesisBytes,
      upgradeBytes,
      configBytes,
      chainDataDir: (configured) => request.chainDataDir || configured || defaultChainDataDir(chainId, node),
      database: new NodeDatabase(database),
      appSender,
      validators: protocol.hasValidators ? new Validators(services) : undefined,
      log,
    },
    appSender,
    services,
    close: () => {
      appSender.close();
      database.close();
      services.close();
    },
  };
}
