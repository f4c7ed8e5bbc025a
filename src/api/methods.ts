import type { Block } from "../core/block.ts";
import { VmError } from "../core/errors.ts";
import { exactNumber } from "../core/exact-json.ts";
import { parseId } from "../core/id.ts";
import type { Vm } from "../vm/vm.ts";
import { InvalidParams, type Methods, type Params } from "./json-rpc.ts";
import { ProposalQueue } from "./proposal-queue.ts";

/** The methods of timestampvm-rs (api/chain_handlers.rs), each by its name and as `timestampvm.NAME`. */
export function createMethods(vm: Vm): Methods {
  const proposals = new ProposalQueue(vm);
  return byBothNames({
    ping,
    proposeBlock: (params: Params) => {
      const proposed = proposals.propose(parseData(getString(params, "data")));
      return proposed.then(() => ({ success: true }));
    },
    lastAccepted: (params: Params) => {
      expectNoParams(params);
      return { id: vm.lastConfirmed.id };
    },
    getBlock: (params: Params) => {
      const block = vm.getConfirmedBlock(parseId(getString(params, "id")));
      if (block === undefined) throw new VmError({ code: "unknown block" });
      return { block: formatBlock(block) };
    },
  });
}

function ping(params: Params) {
  expectNoParams(params);
  return { success: true };
}

function byBothNames(methods: Readonly<Record<string, (params: Params) => unknown>>): Methods {
  return new Map(
    Object.entries(methods).flatMap(([name, method]) => [
      [name, method],
      [`timestampvm.${name}`, method],
    ]),
  );
}

/** What needs no chain. */
export const staticMethods = byBothNames({ ping });

/** Keys in the order of the peer: alphabetical. */
function formatBlock({ data, height, parentId, timestamp }: Block) {
  return {
    data: `0x${data.toHex()}`,
    height: exactNumber(height),
    parent_id: parentId,
    timestamp: exactNumber(timestamp),
  };
}

function expectNoParams(params: Params): void {
  if (params === undefined || (Array.isArray(params) && params.length === 0)) return;
  throw new InvalidParams("no parameters were expected");
}

/** A member of the one parameter object, which comes by position, `[{…}]`, or by name, `{…}`. */
function getString(params: Params, name: string): string {
  if (Array.isArray(params) && params.length !== 1) {
    throw new InvalidParams(`expected 1 parameter, an object with ${name}, not ${params.length}`);
  }
  const object: unknown = Array.isArray(params) ? params[0] : params;
  if (typeof object !== "object" || object === null || Array.isArray(object) || !Object.hasOwn(object, name)) {
    throw new InvalidParams(`missing field \`${name}\``);
  }
  const value = (object as Record<string, unknown>)[name];
  if (typeof value !== "string") throw new InvalidParams(`${name} must be a string`);
  return value;
}

/** Base64 (RFC 4648 §4: padded, canonical) or, behind `0x`, hex. */
function parseData(text: string): Uint8Array {
  if (/^0x(?:[0-9a-fA-F]{2})*$/.test(text)) return Uint8Array.fromHex(text.slice(2));
  try {
    if (!/\s/.test(text)) return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    // Refused below.
  }
  throw new InvalidParams("data must be base64 with padding, or 0x and hex digits");
}
