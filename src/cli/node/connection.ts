import { type Command, InvalidArgumentError } from "commander";
import { checkAnswers } from "../../client/check-answers.ts";
import { contract, type MethodContract, type MethodName, type ParamsOf, type ResultOf } from "../../client/contract.ts";
import { hideSecrets } from "../../client/endpoint.ts";
import { refusalOf } from "../../client/errors.ts";
import { type NoAnswer, NoAnswerError } from "../../client/no-answer.ts";
import { RpcError, rpcCodes } from "../../client/rpc-error.ts";
import { systemClock } from "../../client/waiting.ts";
import { escapeLine, isLine } from "../../core/printable.ts";
import { CommandFailed } from "../command-failed.ts";
import { expectNotEmpty } from "../expect-meant.ts";
import type { Output } from "../terminal/output.ts";
import { readChainUrl } from "./chain-url.ts";
import { type AskedChain, chainAt, chainOfNode } from "./find-chain.ts";
import { hintFor, howToName, mayBeProxy, mayNodeKnow, proxyHint, silent, urlVariable } from "./hint.ts";
import { nodeOf } from "./node-api.ts";
import { nodeSays, nodeSaysMs } from "./node-says.ts";
import { proxyOf, reachLoopbackDirectly } from "./proxy.ts";
import { LateError, TimeIsOver, TimeLimit } from "./time-limit.ts";

/**
 * Calls a method of the chain; see `contract.ts`. Rejects with an `RpcError` if the server refuses the call, else with
 * "command failed": a reason and what to try. An answer that contradicts itself is an `AnswerError`.
 */
export type Ask = <Name extends MethodName>(method: Name, params: ParamsOf<Name>) => Promise<ResultOf<Name>>;

/** The options that every command has that asks a node. */
export interface ConnectionOptions {
  readonly url?: string;
  readonly timeout?: number;
  readonly json?: boolean;
}

/** The default: the node on this machine, or `timestampvm dev`. */
const defaultUrl = "http://127.0.0.1:9650";

/** Adds `ConnectionOptions` to a command, and gives it back. */
export function addConnectionOptions(command: Command, defaultTime?: string): Command {
  return addTimeoutOption(addUrlOption(command), defaultTime).option("--json", "print JSON for programs");
}

/** Adds the option by which `namedChain` finds the chain, and gives the command back. */
export function addUrlOption(command: Command): Command {
  return command.option(
    "--url <url>",
    "the chain: http://HOST:PORT/ext/bc/CHAIN, or only HOST:PORT or PORT for a development chain, or for a node " +
      `that has one chain of this VM (default: ${urlVariable}, or ${defaultUrl})`,
  );
}

/** Adds the option that `connect` takes as the limit of all questions, and gives the command back. */
export function addTimeoutOption(command: Command, defaultTime = "30 for each answer"): Command {
  const description = `at most so many seconds to ask a node and to wait (default: ${defaultTime})`;
  return command.option("--timeout <seconds>", description, parseSeconds);
}

function parseSeconds(text: string): number {
  expectNotEmpty(text);
  if (!/^\d{1,6}(\.\d+)?$/.test(text)) throw new InvalidArgumentError("not a number of seconds.");
  return Number(text);
}

/** A chain that the command line names. */
export interface Connection {
  readonly ask: Ask;
  /** The URL of the chain for people, which is known when a question was answered: a password is not in it. */
  readonly url: () => string;
  /** Milliseconds that are left of `--timeout`; Infinity without it. */
  readonly leftMs: () => number;
  /** Whether the user has named it. If not, it is the one at the default address, and may be none. */
  readonly isNamed: boolean;
}

/** The chain that the options of `command` name, or else the environment. Sends nothing before `ask` is called. */
export function connect(command: Command, output: Output): Connection {
  const { environment = {}, clock = systemClock } = output;
  const { timeout } = command.opts<ConnectionOptions>();
  const chain = namedChain(command, environment);
  const limit = new TimeLimit(timeout, clock);
  const url = () => hideSecrets(chain.url());
  const over = () => new TimeIsOver(`${url()}: no answer within the ${timeout} s of --timeout\n${silent}`);
  const explain = createExplainer({ chain, environment, limit });
  const ask: Ask = async (method, params) => {
    const waitMs = params !== undefined && "waitMs" in params ? Number(params.waitMs) : 0;
    try {
      const answer = await limit.within(waitMs + answerMs, (signal) => chain.call(method, params, signal), over);
      return checkResult(url(), method, answer);
    } catch (error) {
      throw error instanceof CommandFailed ? error : await explain(method, error);
    }
  };
  return {
    ask: checkAnswers(ask),
    url,
    leftMs: () => limit.leftMs(),
    isNamed: nameOf(command, environment) !== undefined,
  };
}

/** Milliseconds that a server may take for an answer, in addition to those that it was asked to wait. */
const answerMs = 30_000;

type Environment = Readonly<Record<string, string | undefined>>;

function nameOf(command: Command, environment: Environment): string | undefined {
  return command.opts<ConnectionOptions>().url ?? environment[urlVariable];
}

/** The chain that the options of `command` name, or else the environment. Sends nothing. */
export function namedChain(command: Command, environment: Environment): AskedChain {
  const where = command.opts<ConnectionOptions>().url === undefined ? urlVariable : "--url";
  const text = nameOf(command, environment) ?? defaultUrl;
  if (text === "") return command.error(`error: ${where}: it is empty. Give a URL, or unset it`);
  const read = readChainUrl(text);
  if ("problem" in read) return command.error(`error: ${where}: ${read.problem}: ${hideSecrets(text)}`);
  reachLoopbackDirectly(new URL(read.url), process.env);
  return read.isNode ? chainOfNode(read.url) : chainAt(read.url);
}

/**
 * Gives undefined if the server does not have the block. Some servers give only words, such as timestampvm-rs and the
 * first timestampvm: their "not found" stays the command's error, with the same exit code.
 */
export async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (refusalOf(error)?.code === "unknown block") return undefined;
    throw error;
  }
}

/** Keeps only what the contract names. Throws for text that would control a terminal, or look like lines of ours. */
function checkResult<Name extends MethodName>(url: string, method: Name, result: unknown): ResultOf<Name> {
  const { result: schema }: MethodContract = contract[method];
  const { success, data } = schema.safeParse(result);
  if (!success || !everyText(data, isLine)) throw notOurs(url, `its answer to ${method} is not understood`);
  return data as ResultOf<Name>;
}

function everyText(value: unknown, isGood: (text: string) => boolean): boolean {
  if (typeof value === "string") return isGood(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every((part) => everyText(part, isGood));
}

interface Asked {
  readonly chain: AskedChain;
  readonly environment: Environment;
  readonly limit: TimeLimit;
}

/** Gives a function that makes an error for people of one that a call has rejected with. It asks the node why, once. */
function createExplainer({ chain, environment, limit }: Asked) {
  let asked: Promise<string | undefined> | undefined;
  return async (method: MethodName, error: unknown): Promise<unknown> => {
    const url = hideSecrets(chain.url());
    if (error instanceof RpcError) {
      if (error.code !== rpcCodes.methodNotFound) {
        return new RpcError(error.code, escapeLine(error.message), error.data);
      }
      return notOurs(url, `it does not know ${method}: an older timestampvm, or another VM`);
    }
    const isLate = error instanceof LateError;
    if (!isLate && !(error instanceof NoAnswerError)) return error;
    // A node goes on waiting for a plugin that is dead.
    if (isLate || mayNodeKnow(error.refusal)) asked ??= askNode(chain.url(), limit);
    const said = await asked;
    if (isLate) return new CommandFailed(`${url}: ${error.message}\n${said ?? silent}`);
    return new CommandFailed(`${escapeLine(error.message)}\n${said ?? hintOf(error.refusal, chain, environment)}`);
  };
}

/** What a node says about a failure; undefined for nothing, or if it says so too late. */
async function askNode(url: string, limit: TimeLimit): Promise<string | undefined> {
  const node = nodeOf(url);
  try {
    return (
      node &&
      (await limit.within(
        nodeSaysMs,
        (signal) => nodeSays(node, signal),
        () => new TimeIsOver(""),
      ))
    );
  } catch {
    return undefined;
  }
}

function hintOf(failure: NoAnswer, chain: AskedChain, environment: Environment): string {
  const server = new URL(chain.url());
  const proxy = mayBeProxy(failure) ? proxyOf(server, environment) : undefined;
  return proxy === undefined ? hintFor(failure) : proxyHint(proxy, server.hostname);
}

/** A server answered, but it is not one of this chain. */
function notOurs(url: string, problem: string): CommandFailed {
  return new CommandFailed(`${url}: ${problem}\n${howToName}`);
}
