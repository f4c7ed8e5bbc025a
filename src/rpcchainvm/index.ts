// What the package exports as `timestampvm/rpcchainvm`: all that a VM of any kind needs to be a plugin of any
// AvalancheGo. Runs in Bun and Node.js.

export type { Awaitable } from "../avalanche/awaitable.ts";
export { type Id, IdError, idFromBytes, idToBytes, parseId, zeroId } from "../avalanche/id.ts";
export { type NodeId, nodeIdFromBytes, nodeIdToBytes } from "../avalanche/node-id.ts";
export { sha256 } from "../avalanche/sha256.ts";
export { vmIdFromName } from "../avalanche/vm-id.ts";
export { Log, type LogFields, type LogLevel } from "../log.ts";
export type {
  AncestorLimits,
  AppHandler,
  Block,
  ChainVm,
  Metric,
  NodeContext,
  State,
  StateSummary,
  StateSync,
  StateSyncMode,
} from "./chain-vm.ts";
export type { StatusOf } from "./grpc/error.ts";
export { AppError, type AppSender, type GossipTargets, maxAppRequests } from "./node/app-sender.ts";
export type { Change, NodeDatabase, Range } from "./node/database.ts";
export type { Validators } from "./node/validators.ts";
export { newestProtocol, oldestProtocol, type VmEvent } from "./protocol.ts";
export { type ServeOptions, servePlugin, type VmDefinition } from "./serve.ts";
export type {
  HeaderLine,
  HttpAdmission,
  HttpAsker,
  HttpHandler,
  HttpServer,
  SimpleAnswer,
  SimpleRequest,
} from "./services/http-handler.ts";
export { counter, gauge } from "./services/metrics.ts";
