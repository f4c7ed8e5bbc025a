import { type CheckedParamsOf, contract, type MethodName, type ResultOf } from "../client/contract.ts";
import { formatHex } from "../client/params.ts";
import { summaryOf } from "../core/block.ts";
import { ChainError } from "../core/errors.ts";
import type { Identity } from "../vm/identity.ts";
import type { Vm } from "../vm/vm.ts";
import { checked, type Implementation } from "./checked-methods.ts";
import type { Method, Methods } from "./json-rpc.ts";
import { describeApi } from "./openrpc.ts";
import { createReadingMethods } from "./reading.ts";
import { createStampingMethods } from "./stamping.ts";

/** The methods of the contract, each by its name and as `timestampvm.NAME`. */
export function createMethods(vm: Vm, identity: Identity): Methods {
  let document: ReturnType<typeof describeApi> | undefined; // some milliseconds of work, for those who want it
  const implementation: Implementation = {
    ping,
    ...createStampingMethods(vm),
    ...createReadingMethods(vm.confirmed),
    lastAccepted: () => ({ id: vm.confirmed.last.id }),
    getBlock: ({ id }) => {
      const block = vm.confirmed.getBlock(id);
      if (block === undefined) throw new ChainError({ code: "unknown block" });
      const { data, height, parentId, timestamp } = block;
      return { block: { data: formatHex(data), height, parent_id: parentId, timestamp } }; // in the peer's order
    },
    getStatus: () => getStatus(vm, identity),
    "rpc.discover": () => {
      document ??= describeApi(identity.version);
      return document;
    },
  };
  const bind = <Name extends MethodName>(name: Name) =>
    checked<CheckedParamsOf<Name>>(contract[name].params, implementation[name]);
  return byBothNames((Object.keys(contract) as MethodName[]).map((name) => [name, bind(name)]));
}

/** What needs no chain. */
export const staticMethods: Methods = byBothNames([["ping", checked(contract.ping.params, ping)]]);

function ping() {
  return { success: true } as const;
}

function byBothNames(methods: readonly (readonly [string, Method])[]): Methods {
  return new Map(
    methods.flatMap(([name, method]) => [
      [name, method],
      [`timestampvm.${name}`, method],
    ]),
  );
}

function getStatus(vm: Vm, identity: Identity): ResultOf<"getStatus"> {
  const { version, protocol, networkId, chainId, nodeId, notice } = identity;
  const { state, preference, processing, mempool, databaseBytes, peers, uptimeSeconds } = vm.status();
  return {
    version,
    protocol: BigInt(protocol),
    networkId: networkId === undefined ? undefined : BigInt(networkId),
    chainId,
    nodeId,
    notice,
    state,
    lastAccepted: summaryOf(vm.confirmed.last),
    preference,
    processing: BigInt(processing),
    mempool: { count: BigInt(mempool.items), bytes: BigInt(mempool.bytes), oldestSeconds: mempool.oldestSeconds },
    databaseBytes,
    peers: BigInt(peers),
    uptimeSeconds,
  };
}
