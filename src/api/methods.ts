import type * as z from "zod";
import { type CheckedParamsOf, contract, type MethodName, type ResultOf } from "../client/contract.ts";
import { formatHex } from "../client/params.ts";
import { summaryOf } from "../core/block.ts";
import { ChainError } from "../core/errors.ts";
import type { ChainView, Propose } from "../vm/chain-view.ts";
import type { Identity } from "../vm/identity.ts";
import { checked, type Implementation } from "./checked-methods.ts";
import { knowledgeOf } from "./knowledge.ts";
import { describeApi } from "./openrpc.ts";
import { createProvingMethods } from "./proving.ts";
import { createReadingMethods } from "./reading.ts";
import type { Method, Methods } from "./request.ts";
import { createStampingMethods } from "./stamping.ts";

export interface MethodOptions {
  readonly view: ChainView;
  readonly propose: Propose;
  readonly identity: Identity;
}

/** The methods of the contract, each by its name and as `timestampvm.NAME`. */
export function createMethods({ view, propose, identity }: MethodOptions): Methods {
  const { confirmed } = view;
  const know = knowledgeOf(confirmed, identity.nodeId);
  let document: ReturnType<typeof describeApi> | undefined; // made when first asked for: it takes milliseconds
  const implementation: Implementation = {
    ping,
    ...createStampingMethods(view, propose, know),
    ...createReadingMethods(confirmed, know),
    ...createProvingMethods(confirmed, identity),
    lastAccepted: () => ({ id: confirmed.last.id }),
    getBlock: ({ id }) => {
      const block = confirmed.getBlock(id);
      if (block === undefined) throw new ChainError({ code: "unknown block" });
      const { data, height, parentId, timestamp } = block;
      // In the order of timestampvm-rs.
      return { block: { data: formatHex(data), height, parent_id: parentId, timestamp }, ...know(block) };
    },
    getStatus: () => getStatus(view, identity),
    "rpc.discover": () => {
      document ??= describeApi(identity.version);
      return document;
    },
  };
  const bind = <Name extends MethodName>(name: Name) => checked(schemas[name].params, implementation[name]);
  return byBothNames((Object.keys(contract) as MethodName[]).map((name) => [name, bind(name)]));
}

/** Lets the compiler check that the schema of each method gives what its implementation takes. */
const schemas: { readonly [Name in MethodName]: { readonly params: z.ZodType<CheckedParamsOf<Name>> } } = contract;

/** The methods that need no chain. */
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

async function getStatus(view: ChainView, identity: Identity): Promise<ResultOf<"getStatus">> {
  const { version, protocol, networkId, chainId, nodeId, notice } = identity;
  const { state, preference, processing, mempool, databaseBytes, peers, uptimeSeconds } = await view.status();
  return {
    version,
    protocol: BigInt(protocol),
    networkId: networkId === undefined ? undefined : BigInt(networkId),
    chainId,
    nodeId,
    notice,
    state,
    lastAccepted: summaryOf(view.confirmed.last),
    preference,
    processing: BigInt(processing),
    mempool: { count: BigInt(mempool.items), bytes: BigInt(mempool.bytes), oldestSeconds: mempool.oldestSeconds },
    databaseBytes,
    peers: BigInt(peers),
    uptimeSeconds,
  };
}
