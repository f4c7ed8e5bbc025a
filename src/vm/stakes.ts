import type { NodeId } from "../avalanche/node-id.ts";

/** The most validators whose stake is kept, the heaviest ones. The others count as nodes without stake. */
export const maxStakes = 10_000;

/** Three of each four parts belong to the validators, by stake. The fourth is divided among peers by node id. */
const ofValidators = 3n;
const ofAll = 4n;
/** Bits of a turn. */
const turnBits = 64n;

/** The validators of the chain and their parts of all stake. From these follow the parts reserved for peers. */
export class Stakes {
  /** No known validators: all is divided by node id. */
  static readonly none = new Stakes(new Map());
  readonly #weightByNode: ReadonlyMap<NodeId, bigint>;
  /** The ends of the validators' ranges, which follow each other on a line. They are the same on all nodes. */
  readonly #ends: readonly { readonly nodeId: NodeId; readonly end: bigint }[];
  readonly #total: bigint;

  /** Takes weights of 0 or more; 0 means no stake. */
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

  has(nodeId: NodeId): boolean {
    return this.#weightByNode.has(nodeId);
  }

  /** The part of all that is reserved for a node by its stake: 0 to 3/4. */
  reservedFor(nodeId: NodeId): number {
    const weight = this.#weightByNode.get(nodeId);
    if (weight === undefined) return 0;
    return (Number(weight) / Number(this.#total)) * (Number(ofValidators) / Number(ofAll));
  }

  /** The part of all that is reserved for nobody: 1/4, or 1 without known validators. */
  get common(): number {
    return this.#total === 0n ? 1 : Number(ofAll - ofValidators) / Number(ofAll);
  }

  /**
   * The validator whose turn this is; undefined for every fourth turn, which belongs to other peers. `turn` is below
   * 2^64. Turns visit the line of all ranges in van der Corput's sequence: of any 2^k turns in a row, one falls into
   * each of 2^k equal pieces of the line. A range with part p of the line contains a whole piece that is larger than
   * p/4. So a node with part s of all stake has at least one of any 16/(3s) turns in a row, whatever the other nodes
   * have.
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
