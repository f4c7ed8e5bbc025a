import { formatHeadMarker, headMarkerKey } from "../../../src/plugin/head-marker.ts";
import { FakeNode } from "../../support/fake-node.ts";
import type { Plugin } from "../../support/plugin.ts";
import { buildChain } from "../support/build-chain.ts";
import type { Sources } from "../support/sources.ts";

/** What anything on a tall chain may cost, compared with a short one. */
export const mostTallRatio = 1.05;

/** A node whose chain has all its blocks before a plugin first starts. */
export class BuiltChain implements AsyncDisposable {
  readonly file: string;
  readonly height: number;
  readonly buildSeconds: number;
  readonly #node: FakeNode;

  static async build(sources: Sources, height: number): Promise<BuiltChain> {
    process.stderr.write(`bench: building a chain of ${height} blocks\n`);
    return new BuiltChain(await FakeNode.start(), sources, height);
  }

  private constructor(node: FakeNode, sources: Sources, height: number) {
    this.#node = node;
    this.file = node.databaseFile;
    this.height = height;
    const began = performance.now();
    node.database.set(headMarkerKey, formatHeadMarker(buildChain(sources, this.file, height)));
    this.buildSeconds = (performance.now() - began) / 1_000;
  }

  /** Its `initialize` is not called yet. */
  startPlugin(): Promise<Plugin> {
    return this.#node.startPlugin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#node[Symbol.asyncDispose]();
  }
}
