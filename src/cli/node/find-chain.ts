import { type Id, IdError, parseId } from "../../avalanche/id.ts";
import { vmIdFromName } from "../../avalanche/vm-id.ts";
import { type CallApi, createClient } from "../../client/client.ts";
import { hideSecrets } from "../../client/endpoint.ts";
import { NoAnswerError } from "../../client/no-answer.ts";
import { isJsonObject } from "../../core/exact-json.ts";
import { escapeLine } from "../../core/printable.ts";
import { CommandFailed, wrongUse } from "../command-failed.ts";
import { type ChainNode, callNode, nodeOf } from "./node-api.ts";
import { askHealth } from "./node-says.ts";

/** A chain that is asked. */
export interface AskedChain {
  readonly call: CallApi;
  /** The URL of its API. */
  readonly url: () => string;
}

/** The chain at a URL that names it. */
export function chainAt(url: string): AskedChain {
  return { call: createClient(url), url: () => url };
}

/**
 * The chain of a node whose URL names only the node: at the default path, where a development chain is, or else the one
 * with the VM id of this program that the node has. The first calls find it. Calls reject with "command failed" if the
 * node has none, or several.
 */
export function chainOfNode(defaultUrl: string): AskedChain {
  let chain = chainAt(defaultUrl);
  let search: Promise<string | undefined> | undefined;
  const call: CallApi = async (method, params, signal = new AbortController().signal) => {
    try {
      return await chain.call(method, params, signal);
    } catch (error) {
      if (!isNothingThere(error)) throw error;
      search ??= findChain(defaultUrl, signal);
      const url = await search;
      if (url === undefined) throw error;
      chain = chainAt(url);
      return chain.call(method, params, signal);
    }
  };
  return { call, url: () => chain.url() };
}

function isNothingThere(error: unknown): boolean {
  return error instanceof NoAnswerError && error.refusal.code === "http status" && error.refusal.status === 404;
}

/** The URL of the only chain of this VM that a node has. Undefined if the server is no node that says what it has. */
async function findChain(defaultUrl: string, signal: AbortSignal): Promise<string | undefined> {
  const node = nodeOf(defaultUrl);
  const listed = node && (await listChains(node, signal));
  if (node === undefined || listed === undefined) return undefined;
  const shown = hideSecrets(node.at("")).replace(/\/$/, "");
  if (listed.length > maxChains) {
    throw new CommandFailed(`${shown}: its network has ${listed.length} chains of this VM: name one`, wrongUse);
  }
  const answers = await Promise.all(listed.map(async (chain) => ({ chain, has: await hasChain(node, chain, signal) })));
  const chains = answers.filter(({ has }) => has).map(({ chain }) => chain);
  const [only] = chains;
  if (only === undefined) throw new CommandFailed(`${shown}: ${await describeNone(node, listed, signal)}`);
  if (chains.length === 1) return urlOf(node, only);
  const lines = chains.map((chain) => `  --url ${hideSecrets(urlOf(node, chain))}  ${escapeLine(chain.name)}`);
  throw new CommandFailed(
    `${shown}: it has ${chains.length} chains of this VM. Name one:\n${lines.join("\n")}`,
    wrongUse,
  );
}

/** Chains of this VM in one network that a node is asked about. */
const maxChains = 100;
/** Bytes of the list of all chains of a network. */
const maxListBytes = 16 * 1024 * 1024;
const maxAnswerBytes = 64 * 1024;

interface ListedChain {
  readonly id: Id;
  /** Whoever made the chain has chosen it. */
  readonly name: string;
}

/** The chains of the network with the VM id of this program, by the node's P-Chain. */
async function listChains(node: ChainNode, signal: AbortSignal): Promise<readonly ListedChain[] | undefined> {
  const question = { maxBytes: maxListBytes, signal };
  const answer = await callNode(node.at("/ext/bc/P"), "platform.getBlockchains", {}, question);
  if (answer === undefined || !("result" in answer) || !Array.isArray(answer.result.blockchains)) return undefined;
  return answer.result.blockchains.flatMap(readChain);
}

/** No chain if it is of another VM. */
function readChain(value: unknown): readonly ListedChain[] {
  if (!isJsonObject(value) || value.vmID !== vmId) return [];
  try {
    return [{ id: parseId(String(value.id)), name: String(value.name) }];
  } catch (error) {
    if (error instanceof IdError) return [];
    throw error;
  }
}

const vmId = vmIdFromName("timestampvm");

/** Whether a node tracks a chain. It counts as tracked if the node does not say. */
async function hasChain(node: ChainNode, { id }: ListedChain, signal: AbortSignal): Promise<boolean> {
  const question = { maxBytes: maxAnswerBytes, signal };
  const answer = await callNode(node.at("/ext/info"), "info.isBootstrapped", { chain: id }, question);
  return answer === undefined || "result" in answer;
}

function urlOf(node: ChainNode, { id }: ListedChain): string {
  return node.at(`/ext/bc/${id}/rpc`);
}

/** The node may track a chain, and have failed to make it. */
async function describeNone(node: ChainNode, listed: readonly ListedChain[], signal: AbortSignal): Promise<string> {
  const [first] = listed;
  if (first === undefined) return `its network has no chain of this VM, ${vmId}`;
  const ids = listed.map(({ id }) => id).join(", ");
  const { words, isAboutChain } = await askHealth({ ...node, chain: first.id }, signal);
  const hints = isAboutChain ? words : ["A node answers for a chain only while it tracks its subnet.", ...words];
  return [`it has no chain of this VM, ${vmId}. Its network has: ${ids}`, ...hints].join("\n");
}
