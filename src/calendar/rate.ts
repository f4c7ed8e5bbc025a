/** Milliseconds in which requests are counted. */
const windowMs = 1_000;

/** Counts the requests of each address. Forgets all of them every second, so that it holds no more than come in one. */
export class Rate {
  readonly #max: number;
  readonly #counts = new Map<string, number>();
  #sinceMs = 0;

  /** `max` is the number of requests a second from one address. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Counts one more request at a time in milliseconds. Gives false if it is one too many. */
  take(address: string, nowMs: number): boolean {
    if (nowMs - this.#sinceMs >= windowMs) {
      this.#counts.clear();
      this.#sinceMs = nowMs;
    }
    const owner = ownerOf(address);
    const count = (this.#counts.get(owner) ?? 0) + 1;
    this.#counts.set(owner, count);
    return count <= this.#max;
  }
}

/** Whoever has one IPv6 address has 2^64 of them: those with the same first four groups. */
function ownerOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [front = "", back] = address.split("::");
  const groups = front.split(":").filter((group) => group !== "");
  const rest = back === undefined ? [] : back.split(":").filter((group) => group !== "");
  const zeros = back === undefined ? [] : Array<string>(8 - groups.length - rest.length).fill("0");
  return [...groups, ...zeros, ...rest].slice(0, 4).join(":");
}
