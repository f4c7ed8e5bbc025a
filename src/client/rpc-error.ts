/**
 * The numbers of errors: those of JSON-RPC 2.0, 5.1, and two of those that it leaves to servers, with the meanings that
 * EIP-1474 has given them. Clients send a call again that was refused by `internalError`, but not by any other.
 */
export const rpcCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  invalidInput: -32000,
  notFound: -32001,
} as const;

/** A server has refused a call. `refusalOf` in `errors.ts` gives its reason as a type. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  /** One of `rpcCodes`, or the server's own. */
  readonly code: number;
  /** The data for programs as it came, with integers as bigints; undefined for none. */
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}
