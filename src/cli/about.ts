/** What the commands say of this program. */
export interface About {
  readonly name: string;
  readonly version: string;
  /** The RPCChainVM protocol it speaks. */
  readonly protocolVersion: number;
}
