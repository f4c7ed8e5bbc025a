import { expect } from "bun:test";
import type { Api } from "../../src/api/app.ts";
import { Turns } from "../../src/api/turns.ts";
import type { CallApi } from "../../src/client/client.ts";
import { commonErrors, contract, type MethodContract, type ResultOf } from "../../src/client/contract.ts";
import { apiRefusal } from "../../src/client/errors.ts";
import { formatExactJson, parseExactJson } from "../../src/core/exact-json.ts";
import { Log } from "../../src/log.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { startApi } from "../support/api.ts";
import { senderOf } from "../support/caller.ts";
import { startVm } from "../support/chain.ts";

/** The API of a chain, called without a server. */
export class RpcClient {
  readonly vm: Vm;
  readonly logged: string[] = [];
  readonly #api: Api;

  /** Without other turns, as long as nobody takes a large read, all that comes at once is done at once. */
  constructor(vm: Vm = startVm().vm, turns = new Turns(() => 0)) {
    this.vm = vm;
    this.#api = startApi(vm, { log: new Log((line) => this.logged.push(line)), turns });
  }

  request(path: string, init?: RequestInit): Promise<Response> {
    return Promise.resolve(this.#api.fetch(new Request(`http://chain${path}`, init), senderOf()));
  }

  post(body: string | Uint8Array<ArrayBuffer>): Promise<Response> {
    return this.request("/rpc", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  }

  /** The answer's text; undefined when there is none. */
  async answer(body: string): Promise<string | undefined> {
    const response = await this.post(body);
    return response.status === 204 ? undefined : response.text();
  }

  /** The answer to a request with id 1, without what all answers have. */
  async call(method: string, params?: unknown): Promise<Outcome> {
    const text = await this.answer(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
    const { jsonrpc, id, ...outcome } = JSON.parse(text ?? "") as Record<string, unknown>;
    if (jsonrpc !== "2.0" || id !== 1) throw new Error(`not an answer to the request: ${text}`);
    expectInContract(method, outcome as Outcome);
    return outcome as Outcome;
  }

  /** The error code of an answer; undefined for a result. */
  async codeOf(method: string, params?: unknown): Promise<number | undefined> {
    return (await this.call(method, params)).error?.code;
  }
}

/** The client of an API that is called without a server. */
export function callOf(rpc: RpcClient): CallApi {
  return async (method, params) => {
    const answer = await rpc.answer(formatExactJson({ jsonrpc: "2.0", id: 1, method, params }));
    const { result } = parseExactJson(answer ?? "") as { result: ResultOf<typeof method> };
    return result;
  };
}

export interface Outcome {
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** What a method of the contract is refused with is an error that the contract lists for it, with the fields it gives. */
function expectInContract(name: string, { error }: Outcome): void {
  const method = new Map<string, MethodContract>(Object.entries(contract)).get(name.replace(/^timestampvm\./, ""));
  if (error === undefined || method === undefined) return;
  const refusal = apiRefusal.parse(parseExactJson(JSON.stringify(error.data)));
  expect([...method.errors, ...commonErrors], name).toContain(refusal.code);
  expect(error.code, `${name}: ${refusal.code}`).toBe(numberOf(name, refusal.code));
}

/** -32603 is what clients try again. The methods of timestampvm-rs have its numbers (tests/vectors). */
function numberOf(name: string, code: string): number {
  if (code === "invalid params") return -32602;
  if (/(^|\.)(getBlock|proposeBlock)$/.test(name)) return -32603;
  return { "data too large": -32000, "unknown block": -32001, "no proof": -32001 }[code] ?? -32603;
}

export const success = { result: { success: true } };
