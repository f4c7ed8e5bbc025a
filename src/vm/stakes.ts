import type { NodeId } from "../avalanche/node-id.ts";

/** Validators whose stake is kept, the heaviest ones. The others count as nodes without a stake. */
export const maxStakes = 10_000;

/** What of each four is the validators'. The fourth is for all peers, or all peers but the validators, by node id. */
const ofValidators = 3n;
const ofAll = 4n;
/** Bits of a turn. */
const turnBits = 64n;

/** Who validates the chain, and with which part of all stake. Of that follows what peers have for sure. */
export class Stakes {
  /** Where nobody is known to validate: all is divided by node id. */
  static readonly none = new Stakes(new Map());
  readonly #weightByNode: ReadonlyMap<NodeId, bigint>;
  /** Where the validators' ranges end, each behind the one before: in all nodes the same. */
  readonly #ends: readonly { readonly nodeId: NodeId; readonly end: bigint }[];
  readonly #total: bigint;

  /** Takes weights from 0 on; 0 is no stake. */
  constructor(weights: ReadonlyMap<NodeId, bigint>) {
    const validators = heaviest([...weights].filter(([, weight]) => weight > 0n)).sort(byNode);
    let end = 0n;
    this.#ends = validators.map(([nodeId, weight]) => {
      end += weight;
      return { nodeId, end };
    });
    this.#weightByNode = new Map(validators);
    this.#total = end;
  }

  /** Whether the node is a validator. */
  has(nodeId: NodeId): boolean {
    return this.#weightByNode.has(nodeId);
  }

  /** The part of all that is reserved for a node by its stake, 0 to 3/4; 0 for who has none. */
  reservedFor(nodeId: NodeId): number {
    const weight = this.#weightByNode.get(nodeId);
    if (weight === undefined) return 0;
    return (Number(weight) / Number(this.#total)) * (Number(ofValidators) / Number(ofAll));
  }

  /** The part of all that is reserved for nobody: 1/4, or 1 where nobody is known to validate. */
  get common(): number {
    return this.#total === 0n ? 1 : Number(ofAll - ofValidators) / Number(ofAll);
  }

  /**
   * The validator whose turn this is; undefined for the turns of those who are none, every fourth. `turn` is below
   * 2^64. Turns go over the line of all ranges as van der Corput's sequence does: any 2^k of them in a row fall into
   * 2^k equal pieces of the line, one into each. A range of the part p of the line holds a whole piece of more than
   * p/4. So a node with the part s of all stake has one of any 16/(3s) turns in a row, whoever the other nodes are.
   */
  validatorOf(turn: bigint): NodeId | undefined {
    const place = (reverseBits(turn) * this.#total * ofAll) >> turnBits;
    return this.#rangeWith(place / ofValidators)?.nodeId;
  }

  #rangeWith(place: bigint) {
    let [low, high] = [0, this.#ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle]?.end ?? 0n) <= place) low = middle + 1;
      else high = middle;
    }
    return this.#ends[low];
  }
}

type Stake = readonly [nodeId: NodeId, weight: bigint];

function heaviest(stakes: Stake[]): Stake[] {
  if (stakes.length <= maxStakes) return stakes;
  return stakes.sort((a, b) => (a[1] === b[1] ? byNode(a, b) : a[1] > b[1] ? -1 : 1)).slice(0, maxStakes);
}

function byNode([a]: Stake, [b]: Stake): number {
  return a < b ? -1 : 1;
}

function reverseBits(turn: bigint): bigint {
  const bits = turn.toString(2).padStart(Number(turnBits), "0");
  return BigInt(`0b${[...bits].reverse().join("")}`);
}
