/** What the commands report about this program. */
export interface About {
  readonly name: string;
  readonly version: string;
  /** The RPCChainVM protocols that it speaks, and the one that it reports if it must choose one. */
  readonly protocols: { readonly oldest: number; readonly newest: number; readonly default: number };
}
