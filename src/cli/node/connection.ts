import type { Command } from "commander";
import { checkAnswers } from "../../client/check-answers.ts";
import { createClient } from "../../client/client.ts";
import { contract, type MethodContract, type MethodName, type ParamsOf, type ResultOf } from "../../client/contract.ts";
import { hideSecrets } from "../../client/endpoint.ts";
import { refusalOf } from "../../client/errors.ts";
import { NoAnswerError } from "../../client/no-answer.ts";
import { RpcError, rpcCodes } from "../../client/rpc-error.ts";
import { type Clock, systemClock } from "../../client/waiting.ts";
import { escapeLine, isLine } from "../../core/printable.ts";
import { CommandFailed } from "../command-failed.ts";
import type { Output } from "../terminal/output.ts";
import { readChainUrl } from "./chain-url.ts";
import { hintFor, howToName, mayBeProxy, proxyHint, silent, urlVariable } from "./hint.ts";
import { proxyOf, reachLoopbackDirectly } from "./proxy.ts";

/**
 * Calls a method of the chain; see `contract.ts`. Rejects with an `RpcError` if the server refuses the call, else with
 * "command failed": a reason and what to try. An answer that contradicts itself is an `AnswerError`.
 */
export type Ask = <Name extends MethodName>(method: Name, params: ParamsOf<Name>) => Promise<ResultOf<Name>>;

/** The options that every command has that asks a node. */
export interface ConnectionOptions {
  readonly url?: string;
  readonly json?: boolean;
}

/** The default: the URL of `timestampvm dev`. */
const defaultUrl = "http://127.0.0.1:9650/ext/bc/timestampvm/rpc";

/** Adds `ConnectionOptions` to a command, and gives it back. */
export function addConnectionOptions(command: Command): Command {
  return command
    .option(
      "--url <url>",
      `the chain: http://HOST:PORT/ext/bc/CHAIN, or only HOST:PORT or PORT for a development chain\n` +
        `(default: ${urlVariable}, or http://127.0.0.1:9650)`,
    )
    .option("--json", "print JSON for programs");
}

/**
 * The chain that the options of `command` name, or else the environment. Sends nothing before `ask` is called. `url` is
 * for people: a password is not in it.
 */
export function connect(command: Command, output: Output): { readonly url: string; readonly ask: Ask } {
  const { environment = {}, clock = systemClock } = output;
  const given = command.opts<ConnectionOptions>().url;
  const text = given ?? (environment[urlVariable] || defaultUrl);
  const read = readChainUrl(text);
  if ("problem" in read) {
    const where = given === undefined ? urlVariable : "--url";
    return command.error(`error: ${where}: ${read.problem}: ${hideSecrets(text)}`);
  }
  const url = hideSecrets(read.url);
  const server = new URL(read.url);
  reachLoopbackDirectly(server, process.env);
  const call = createClient(read.url);
  const ask: Ask = async (method, params) => {
    const waitMs = params !== undefined && "waitMs" in params ? Number(params.waitMs) : 0;
    try {
      const answer = await withDeadline(waitMs + answerMs, clock, (signal) => call(method, params, signal));
      return checkResult(url, method, answer);
    } catch (error) {
      throw error instanceof CommandFailed ? error : explain({ url, server, environment }, method, error);
    }
  };
  return { url, ask: checkAnswers(ask) };
}

/** Milliseconds that a server may take for an answer, in addition to those that it was asked to wait. */
const answerMs = 30_000;

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

/** The deadline has passed. */
class LateError extends Error {}

async function withDeadline<T>(ms: number, clock: Clock, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const done = new AbortController();
  void clock.pause(ms, done.signal).then(() => {
    if (!done.signal.aborted) late.abort(new LateError(`no answer within ${ms / 1_000} s`));
  });
  try {
    return await work(late.signal);
  } finally {
    done.abort();
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
  /** For people. */
  readonly url: string;
  readonly server: URL;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

function explain({ url, server, environment }: Asked, method: MethodName, error: unknown): unknown {
  if (error instanceof RpcError) {
    if (error.code !== rpcCodes.methodNotFound) return new RpcError(error.code, escapeLine(error.message), error.data);
    return notOurs(url, `it does not know ${method}: an older timestampvm, or another VM`);
  }
  if (error instanceof LateError) return new CommandFailed(`${url}: ${error.message}\n${silent}`);
  if (!(error instanceof NoAnswerError)) return error;
  const proxy = mayBeProxy(error.refusal) ? proxyOf(server, environment) : undefined;
  const hint = proxy === undefined ? hintFor(error.refusal) : proxyHint(proxy, server.hostname);
  return new CommandFailed(`${escapeLine(error.message)}\n${hint}`);
}

/** A server answered, but it is not one of this chain. */
function notOurs(url: string, problem: string): CommandFailed {
  return new CommandFailed(`${url}: ${problem}\n${howToName}`);
}
