import { defaultProtocol, newestProtocol, oldestProtocol, type Protocol, protocolOf } from "../protocol.ts";
import type { KnownProtocol } from "./known-protocol.ts";
import type { NodeProcess } from "./node-process.ts";

/** The environment variable by which an operator sets a VM's protocol. The node passes on what begins with GRPC_. */
export function overrideVariableOf(vmName: string): string {
  return `GRPC_${vmName.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}_PROTOCOL`;
}

/** The variable in which go-plugin names the node's protocol: until 22 (go-plugin v1.4.4, client.go:524-538). */
export const offeredVariable = "PLUGIN_PROTOCOL_VERSIONS";

/** The environment variables of this process, or of another. */
export interface Environment {
  readonly [name: string]: string | undefined;
}

export interface Choice {
  readonly protocol: Protocol;
  /** For the operator: where the number comes from. */
  readonly reason: string;
}

interface Found {
  readonly version: number;
  readonly reason: string;
}

export interface ChooseOptions {
  /** Of the VM. */
  readonly name: string;
  readonly environment: Environment;
  readonly node: NodeProcess;
  readonly known: KnownProtocol | undefined;
}

/**
 * Chooses the protocol before the node sends anything: the node takes only one answer, within 5 s after it has started
 * us, and it must be exactly the node's number. Throws when we do not speak it, with what the operator can do.
 */
export async function chooseProtocol({ name, environment, node, known }: ChooseOptions): Promise<Choice> {
  const overrideVariable = overrideVariableOf(name);
  const override = readOverride(overrideVariable, environment[overrideVariable]);
  const recalled = known?.recall();
  const how = recalled?.refused === undefined ? "the node took it before" : `the node refused ${recalled.refused}`;
  const { version, reason } =
    readOffer(environment[offeredVariable]) ??
    found(override === recalled?.refused ? undefined : override, `${overrideVariable} says so`) ??
    found(recalled?.version, how) ??
    found(readVersion(await node.askVersion()), "the node's --version says so") ??
    byDefault;
  if (version < oldestProtocol)
    throw new Error(`${says(version, reason)}, older than ${oldestProtocol}, the oldest here`);
  if (version > newestProtocol && version !== override) throw new Error(howToTryNewer(name, version, reason));
  return { protocol: protocolOf(version), reason };
}

const byDefault: Found = { version: defaultProtocol, reason: "the default, since the node does not say its own" };

function found(version: number | undefined, reason: string): Found | undefined {
  return version === undefined ? undefined : { version, reason };
}

function readOverride(variable: string, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`${variable} must be a number of an RPCChainVM protocol, not ${JSON.stringify(text)}`);
}

/** go-plugin allows a list; AvalancheGo sends one number. */
function readOffer(text: string | undefined): Found | undefined {
  const offered = (text ?? "").split(",").filter((word) => /^\d{1,9}$/.test(word));
  return offered.length === 0
    ? undefined
    : { version: Math.max(...offered.map(Number)), reason: `${offeredVariable} says so` };
}

/** `avalanchego/1.14.2 [database=v1.4.5, rpcchainvm=45, …]`, from v1.9.2 on (avalanchego, version/string.go). */
function readVersion(text: string): number | undefined {
  const [, version] = /\brpcchainvm=(\d{1,9})\b/.exec(text) ?? [];
  return version === undefined ? undefined : Number(version);
}

function says(version: number, reason: string): string {
  return `AvalancheGo speaks RPCChainVM protocol ${version} (${reason})`;
}

function howToTryNewer(name: string, version: number, reason: string): string {
  return (
    `${says(version, reason)}, newer than ${newestProtocol}, the newest here. ` +
    `Install a newer ${name}, or try the rules of ${newestProtocol}: ` +
    `start the node with ${overrideVariableOf(name)}=${version} in its environment`
  );
}
