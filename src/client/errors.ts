import * as z from "zod";
import { blockId, u64 } from "./params.ts";
import { RpcError, rpcCodes } from "./rpc-error.ts";

// Why a call is refused, for programs: `error.data` of an answer. `error.message` has the words for people. A malformed
// request has only a JSON-RPC number and no data: `rpcCodes`.

function refusal<const Code extends string, const Fields extends z.ZodRawShape>(
  code: Code,
  description: string,
  fields: Fields,
) {
  return z.object({ code: z.literal(code), ...fields }).meta({ description });
}

/** Every refusal that a client can get. Newer servers may have others, and more fields. */
export const apiRefusal = z.discriminatedUnion("code", [
  refusal("invalid params", "The method does not take these parameters: the message says why. Send others.", {
    parameter: z.string().optional().meta({ description: "the wrong or missing parameter, if it is a single one" }),
  }),
  refusal("unknown block", "This node has accepted no such block. Ask again when there may be one.", {}),
  refusal("data too large", "No block may carry so much. Never send it again: stamp its digest.", {
    bytes: u64,
    maxBytes: u64,
  }),
  refusal("mempool full", "There is no room for one more proposal: so many wait for a block. Send it again later.", {
    items: u64,
    bytes: u64,
  }),
  refusal("no proof", "No proof goes through block `id`: timestampvm-rs kept other bytes of it. Never ask again.", {
    id: blockId,
  }),
  refusal("too many waiting", "So many calls wait that there is no place for this one. Ask again without `waitMs`.", {
    waiting: u64,
  }),
  refusal("answers too large", "The answers to the batch are too large. Send this call again, in a smaller batch.", {}),
  refusal(
    "too many answers",
    "Too many answers wait to be fetched: nothing of the batch was done. Send it again later.",
    {},
  ),
  refusal("shut down", "The node ends. Send it again when the node is back.", {}),
  refusal(
    "database in use",
    "Another program holds the node's database. Send it again when its operator has ended that.",
    {},
  ),
  refusal("database failed", "The node's database has a problem. Send it again when its operator has mended that.", {
    problem: z.string(),
    cure: z.string().meta({ description: "what the operator can do" }),
  }),
]);

/** Why a call is refused: `code` says which reason it is, the other members are its data. Integers are bigints. */
export type ApiRefusal = z.output<typeof apiRefusal>;
/** Only the reasons. */
export type ApiErrorCode = ApiRefusal["code"];

/** The JSON-RPC number of each: `error.code` of an answer to a method. Those of timestampvm-rs keep its numbers. */
export function rpcCodeOf(code: ApiErrorCode, method: string): number {
  if (code === "invalid params") return rpcCodes.invalidParams;
  return (!rsMethods.has(method) && definite[code]) || rpcCodes.internalError;
}

/** What the same call can never become, however often it is sent, or not until there are more blocks. */
const definite: Readonly<Partial<Record<ApiErrorCode, number>>> = {
  "data too large": rpcCodes.invalidInput,
  "unknown block": rpcCodes.notFound,
  "no proof": rpcCodes.notFound,
};

/** The methods that timestampvm-rs has, by both their names. */
const rsMethods: ReadonlySet<string> = new Set(
  ["ping", "proposeBlock", "lastAccepted", "getBlock"].flatMap((name) => [name, `timestampvm.${name}`]),
);

/**
 * The reason in an error with which a call has rejected. Undefined for any other error, and for a reason that is not
 * known here: of a newer server, or of one that sends only words, such as timestampvm-rs. (It is not in the client, so
 * that a program that does not need it does not load the schemas.)
 */
export function refusalOf(error: unknown): ApiRefusal | undefined {
  return error instanceof RpcError ? apiRefusal.safeParse(error.data).data : undefined;
}
