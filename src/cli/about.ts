/** What the commands say of this program. */
export interface About {
  readonly name: string;
  readonly version: string;
  /** The protocols of RPCChainVM that it speaks, from the one to the other, and the one that it names when it must name one. */
  readonly protocols: { readonly oldest: number; readonly newest: number; readonly default: number };
}
