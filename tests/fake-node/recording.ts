import { Watchers } from "./watchers.ts";

/** Messages of one kind, in the order in which they came. */
export class Recording<Message> {
  readonly all: Message[] = [];
  readonly #what: string;
  readonly #watchers = new Watchers();

  /** `what` names such messages where one waits for them in vain. */
  constructor(what: string) {
    this.#what = what;
  }

  add(message: Message): void {
    this.all.push(message);
    this.#watchers.changed();
  }

  /** Resolves with all of them when there are so many, past ones included. Rejects after a minute. */
  async until(count: number): Promise<readonly Message[]> {
    return this.#watchers.waitFor(`${count} ${this.#what}`, () => (this.all.length >= count ? this.all : undefined));
  }

  /** Resolves with the first that is as wanted, past ones included. Rejects after a minute. */
  find(isWanted: (message: Message) => boolean): Promise<Message> {
    return this.#watchers.waitFor(this.#what, () => this.all.find(isWanted));
  }
}
