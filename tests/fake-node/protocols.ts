/**
 * The protocols that the fake node speaks, as the history of AvalancheGo has them: what each RPCChainVM protocol
 * brought, dropped or did otherwise. What is named nowhere was always there. Written from the node's sources, and known
 * to nothing in `src`: the plugin has a table of its own.
 */
export interface Step {
  readonly protocol: number;
  /** The last release that speaks it. */
  readonly release: string;
  /** Services, methods and fields that are there from here on. */
  readonly brings?: readonly string[];
  /** And those that are there no more. */
  readonly drops?: readonly string[];
  /** Messages whose fields have these numbers from here on: 1, 2, 3, … Names with a type are gone in the newest one. */
  readonly layouts?: Readonly<Record<string, string>>;
  readonly ways?: Partial<Ways>;
}

/** How the node behaves beside its messages. */
export interface Ways {
  /** How a plugin learns of its node, and the node where it serves. */
  readonly starts: "go-plugin" | "runtime";
  /** What ends a plugin after Shutdown. go-plugin has a call for it. */
  readonly stopSignal: "SIGINT" | "SIGTERM" | undefined;
  /** What it says to a plugin of another protocol. */
  readonly refusal: (node: { readonly release: string; readonly protocol: number }, plugin: OtherPlugin) => string;
  /** The number by which the engine is asked to build a block. */
  readonly buildBlock: number;
  /** And the one by which it learns that a state sync is done. */
  readonly stateSyncFinished: number;
  /** The names of the numbers 1, 2, 3, … of vm.Error. Its client takes all others for success. */
  readonly errors: readonly string[];
  /** Whether a plugin's answer to an HTTP request leaves the headers that the node has set before, or clears them. */
  readonly ownHeaders: "kept" | "cleared";
  /** How io.reader.Reader says that a request's body is at its end. */
  readonly bodyEnd: "text" | "code";
}

interface OtherPlugin {
  readonly path: string;
  readonly protocol: number;
}

/** Of AvalancheGo v1.8.0. */
export const oldestProtocol = 16;
/** Of AvalancheGo v1.15.0. */
export const newestProtocol = 46;
/** All between. */
export const protocols: readonly number[] = Array.from({ length: 31 }, (_, i) => oldestProtocol + i);

/** Of protocol 16. */
const first: Ways = {
  starts: "go-plugin",
  stopSignal: undefined,
  refusal: (node, plugin) => `protocol version mismatch avalanchego: ${node.protocol}, vm: ${plugin.protocol}`,
  buildBlock: 0,
  stateSyncFinished: 1,
  errors: [
    "CLOSED",
    "NOT_FOUND",
    "HEIGHT_INDEX_NOT_IMPLEMENTED",
    "HEIGHT_INDEX_INCOMPLETE",
    "STATE_SYNC_NOT_IMPLEMENTED",
  ],
  ownHeaders: "kept",
  bodyEnd: "text",
};

const history: readonly Step[] = [
  {
    protocol: 16,
    release: "1.8.6",
    layouts: {
      "vm.InitializeRequest":
        "network_id subnet_id chain_id node_id x_chain_id avax_asset_id genesis_bytes upgrade_bytes config_bytes " +
        "db_servers:VersionedDBServer[] server_addr",
      "vm.VersionedDBServer": "version:string server_addr:string",
      "vm.Handler": "prefix lock_options:uint32 server_addr",
      "vm.ConnectedRequest": "node_id version:string",
      "vm.StateSummaryAcceptResponse": "accepted:bool err",
      "appsender.SendAppGossipMsg": "msg",
      "io.reader.ReadResponse": "read error:string errored:bool",
    },
  },
  { protocol: 17, release: "1.9.0" },
  {
    protocol: 18,
    release: "1.9.1",
    brings: [
      "vm.VM.CrossChainAppRequest",
      "vm.VM.CrossChainAppRequestFailed",
      "vm.VM.CrossChainAppResponse",
      "appsender.AppSender.SendCrossChainAppRequest",
      "appsender.AppSender.SendCrossChainAppResponse",
    ],
  },
  { protocol: 19, release: "1.9.3", brings: ["validatorstate.ValidatorState"] },
  {
    protocol: 20,
    release: "1.9.4",
    brings: [
      "vm.BuildBlockRequest.p_chain_height",
      "vm.BuildBlockResponse.verify_with_context",
      "vm.ParseBlockResponse.verify_with_context",
      "vm.GetBlockResponse.verify_with_context",
      "vm.BlockVerifyRequest.p_chain_height",
    ],
    layouts: {
      "vm.InitializeRequest":
        "network_id subnet_id chain_id node_id x_chain_id c_chain_id avax_asset_id chain_data_dir genesis_bytes " +
        "upgrade_bytes config_bytes db_servers:VersionedDBServer[] server_addr",
    },
  },
  {
    protocol: 21,
    release: "1.9.5",
    drops: ["rpcdb.WriteBatchRequest.id", "rpcdb.WriteBatchRequest.continues"],
  },
  {
    protocol: 22,
    release: "1.9.8",
    layouts: { "vm.StateSummaryAcceptResponse": "mode err", "io.reader.ReadResponse": "read error:string" },
    ways: { buildBlock: 1, stateSyncFinished: 2 },
  },
  { protocol: 23, release: "1.9.9", ways: { starts: "runtime", stopSignal: "SIGINT" } },
  {
    protocol: 24,
    release: "1.9.16",
    layouts: {
      "vm.InitializeRequest":
        "network_id subnet_id chain_id node_id public_key x_chain_id c_chain_id avax_asset_id chain_data_dir " +
        "genesis_bytes upgrade_bytes config_bytes db_servers:VersionedDBServer[] server_addr",
    },
    ways: { stopSignal: "SIGTERM" },
  },
  { protocol: 25, release: "1.10.0" },
  { protocol: 26, release: "1.10.4" },
  { protocol: 27, release: "1.10.8" },
  {
    protocol: 28,
    release: "1.10.12",
    ways: {
      errors: ["CLOSED", "NOT_FOUND", "HEIGHT_INDEX_INCOMPLETE", "STATE_SYNC_NOT_IMPLEMENTED"],
      refusal: (node, plugin) => inWords(`v${node.release}`, node.protocol, "VM", plugin),
    },
  },
  { protocol: 29, release: "1.10.14", layouts: { "vm.Handler": "prefix server_addr" } },
  {
    protocol: 30,
    release: "1.10.17",
    layouts: {
      "vm.InitializeRequest":
        "network_id subnet_id chain_id node_id public_key x_chain_id c_chain_id avax_asset_id chain_data_dir " +
        "genesis_bytes upgrade_bytes config_bytes db_server_addr server_addr network_upgrades",
    },
  },
  {
    protocol: 31,
    release: "1.10.19",
    brings: [
      "vm.AppRequestFailedMsg.error_code",
      "vm.AppRequestFailedMsg.error_message",
      "vm.CrossChainAppRequestFailedMsg.error_code",
      "vm.CrossChainAppRequestFailedMsg.error_message",
    ],
    drops: ["vm.VM.CreateStaticHandlers"],
    layouts: { "vm.ConnectedRequest": "node_id name major minor patch" },
  },
  { protocol: 32, release: "1.11.0" },
  { protocol: 33, release: "1.11.1", brings: ["appsender.AppSender.SendAppError"] },
  {
    protocol: 34,
    release: "1.11.2",
    layouts: { "appsender.SendAppGossipMsg": "msg validators non_validators peers" },
  },
  {
    protocol: 35,
    release: "1.11.9",
    drops: ["vm.VM.VerifyHeightIndex", "appsender.AppSender.SendAppGossipSpecific"],
    layouts: { "appsender.SendAppGossipMsg": "node_ids validators non_validators peers msg" },
    ways: { errors: ["CLOSED", "NOT_FOUND", "STATE_SYNC_NOT_IMPLEMENTED"] },
  },
  {
    protocol: 36,
    release: "1.11.10",
    drops: ["vm.ParseBlockResponse.status", "vm.GetBlockResponse.status"],
    ways: {
      refusal: (node, plugin) => inWords(`v${node.release}`, node.protocol, `VM located at ${plugin.path}`, plugin),
    },
  },
  {
    protocol: 37,
    release: "1.11.12",
    brings: ["vm.InitializeRequest.network_upgrades"],
    drops: [
      "vm.VM.CrossChainAppRequest",
      "vm.VM.CrossChainAppRequestFailed",
      "vm.VM.CrossChainAppResponse",
      "appsender.AppSender.SendCrossChainAppRequest",
      "appsender.AppSender.SendCrossChainAppResponse",
    ],
  },
  { protocol: 38, release: "1.12.1" },
  { protocol: 39, release: "1.13.0", brings: ["vm.NetworkUpgrades.fortuna_time"] },
  {
    protocol: 40,
    release: "1.13.1",
    brings: ["vm.NetworkUpgrades.granite_time", "http.HTTPResponse.header"],
    drops: ["http.Request.body"],
    ways: { ownHeaders: "cleared" },
  },
  { protocol: 41, release: "1.13.2", brings: ["vm.VM.CreateHTTP2Handler"] },
  {
    protocol: 42,
    release: "1.13.3",
    brings: ["vm.VM.NewHTTPHandler", "vm.VM.WaitForEvent", "http.HandleSimpleHTTPRequest.response_headers"],
    drops: ["vm.VM.CreateHTTP2Handler", "messenger.Messenger"],
    layouts: { "io.reader.ReadResponse": "read error" },
    ways: { bodyEnd: "code" },
  },
  { protocol: 43, release: "1.13.5" },
  {
    protocol: 44,
    release: "1.14.1",
    brings: ["vm.NetworkUpgrades.granite_epoch_duration", "vm.NetworkUpgrades.helicon_time"],
    ways: {
      refusal: (node, plugin) =>
        inWords(`avalanchego/${node.release}`, node.protocol, `VM located at ${plugin.path}`, plugin),
    },
  },
  { protocol: 45, release: "1.14.2" },
  { protocol: 46, release: "1.15.0" },
];

/** From v1.10.10 on (vms/rpcchainvm/runtime/subprocess/initializer.go). */
function inWords(release: string, protocol: number, vm: string, plugin: OtherPlugin): string {
  return (
    "RPCChainVM protocol version mismatch between AvalancheGo and Virtual Machine plugin. AvalancheGo version " +
    `${release} implements RPCChainVM protocol version ${protocol}. The ${vm} implements RPCChainVM protocol version ` +
    `${plugin.protocol}. Please make sure that there is an exact match of the protocol versions. This can be achieved ` +
    "by updating your VM or running an older/newer version of AvalancheGo. Please be advised that some virtual " +
    "machines may not yet support the latest RPCChainVM protocol version"
  );
}

/** All that happened up to a protocol, it included. */
function stepsTo(protocol: number): readonly Step[] {
  if (!protocols.includes(protocol)) throw new Error(`no release speaks protocol ${protocol}`);
  return history.slice(0, protocol - oldestProtocol + 1);
}

/** The last release that speaks a protocol, `1.14.2`. */
export function releaseOf(protocol: number): string {
  return stepsTo(protocol).at(-1)?.release ?? "";
}

/** How a node of a protocol behaves. Throws when there is no such protocol. */
export function waysOf(protocol: number): Ways {
  return Object.assign({}, first, ...stepsTo(protocol).map(({ ways }) => ways));
}

/** The layout of a message, `vm.Handler`, where it is known. */
export function layoutOf(message: string, protocol: number): string | undefined {
  return stepsTo(protocol).findLast(({ layouts }) => layouts?.[message] !== undefined)?.layouts?.[message];
}

/** Whether a protocol has a service, a method or a field. What comes later is not there yet. */
export function has(protocol: number, name: string): boolean {
  const mentions = history.filter(({ brings, drops }) => brings?.includes(name) || drops?.includes(name));
  const last = mentions.findLast((step) => step.protocol <= protocol);
  if (last !== undefined) return last.brings?.includes(name) ?? false;
  return mentions[0]?.brings?.includes(name) !== true;
}
