/** What the commands say about this program. */
export interface About {
  readonly name: string;
  readonly version: string;
  /** The RPCChainVM protocols that it speaks, and the one that it names when it must name one. */
  readonly protocols: { readonly oldest: number; readonly newest: number; readonly default: number };
}
