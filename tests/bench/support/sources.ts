import { resolve } from "node:path";

/** What is measured of a checkout of this repository. Versions with other files behind the same calls can be compared. */
export interface Sources {
  readonly BlockStore: typeof import("../../../src/store/block-store.ts").BlockStore;
  readonly createBlock: typeof import("../../../src/core/block.ts").createBlock;
  readonly digestOf: typeof import("../../../src/core/digest.ts").digestOf;
  readonly localDisk: typeof import("../../../src/disk/log-disk.ts").localDisk;
  readonly systemClock: typeof import("../../../src/vm/clock.ts").systemClock;
}

/** This checkout. */
export const ownRoot: string = resolve(import.meta.dirname, "../../..");

/** Loads the sources of the checkout at `root`, beside which its packages are installed. */
export async function loadSources(root: string): Promise<Sources> {
  const load = (path: string) => import(resolve(root, "src", path));
  const store: Pick<Sources, "BlockStore"> = await load("store/block-store.ts");
  const block: Pick<Sources, "createBlock"> = await load("core/block.ts");
  const digest: Pick<Sources, "digestOf"> = await load("core/digest.ts");
  const disk: Pick<Sources, "localDisk"> = await load("disk/log-disk.ts");
  const clock: Pick<Sources, "systemClock"> = await load("vm/clock.ts");
  return { ...store, ...block, ...digest, ...disk, ...clock };
}
