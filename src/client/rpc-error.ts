/** The numbers of errors in JSON-RPC 2.0, 5.1. */
export const rpcCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
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
