import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { damage, makeDatabase, proposal } from "../cli/db-support.ts";
import { bytesOf, chainOn, childOf, genesis, now, peer } from "../support/chain.ts";
import { DevProcess } from "../support/dev-process.ts";
import { Operated } from "../support/operated.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { root } from "./sessions.ts";

// Where the sessions of the documents run. The fence of a session says which of these it needs: "```console dev".

/** What commands find beside an empty folder that is their home, with the program in it and on the path. */
export interface Setting extends AsyncDisposable {
  /** Variables that the reader is told to set. */
  readonly env: Readonly<Record<string, string>>;
  /** What documents call a name of this run, by that name. */
  readonly shownAs: ReadonlyMap<string, string>;
  /** All that `make run` has printed up to the first block. */
  readonly started?: () => Promise<string>;
}

/** Every setting by its name. Each is made new for every document that asks for it. */
export const settings: Readonly<Record<string, (folder: string) => Promise<Setting> | Setting>> = {
  /** Nothing else. */
  alone: () => ({ env: {}, shownAs: new Map(), [Symbol.asyncDispose]: async () => {} }),
  /** What a clone has, once the binary is built. */
  clone: makeClone,
  dev: startDev,
  running: startOperated,
  stopped: (folder) => makeStopped(folder),
  damaged: (folder) => {
    const stopped = makeStopped(folder);
    damage(
      `${folder}${shownDirectory}/timestampvm.db`,
      "UPDATE blocks SET timestamp = timestamp + 1 WHERE height = 1187",
    );
    return stopped;
  },
};

/** Makes the folder in which commands run. Gives its path, and variables that every reader has. */
export function makeHome(): Disposable & { readonly path: string; readonly env: Readonly<Record<string, string>> } {
  const { path, file, [Symbol.dispose]: remove } = temporaryDirectory();
  mkdirSync(file("build"));
  mkdirSync(file(".avalanchego/plugins"), { recursive: true });
  const program = pluginCommand.map((word) => `'${word}'`).join(" ");
  for (const name of ["timestampvm", "older-timestampvm"]) {
    writeFileSync(file(`build/${name}`), `#!/bin/sh\nexec ${program} "$@"\n`);
    chmodSync(file(`build/${name}`), 0o755);
  }
  return {
    path,
    env: { HOME: path, PATH: [file("build"), process.env.PATH].join(delimiter) },
    [Symbol.dispose]: remove,
  };
}

/** The address that documents show. */
const shownAddress = "127.0.0.1:9650";
/** The chain data directory that documents show. */
const shownDirectory = "/data/2Z4U";

/** The home that documents show. */
const shownHome = "/home/ann";

function makeClone(folder: string): Setting {
  const made = ["build", "node_modules"];
  for (const name of readdirSync(root)) if (!made.includes(name)) symlinkSync(join(root, name), join(folder, name));
  mkdirSync(join(folder, "node_modules")); // new, so that nothing is installed
  return { env: {}, shownAs: new Map([[folder, shownHome]]), [Symbol.asyncDispose]: async () => {} };
}

/** A new development chain. */
async function startDev(): Promise<Setting> {
  const dev = new DevProcess([]);
  await dev.line(/Ctrl-C/);
  const address = new URL(await dev.rpc()).host;
  return {
    env: { TIMESTAMPVM_URL: `http://${address}` },
    shownAs: new Map([[address, shownAddress]]),
    started: async () => {
      await dev.line(/^block 1 /);
      return dev.out.text.join("\n");
    },
    [Symbol.asyncDispose]: () => dev[Symbol.asyncDispose](),
  };
}

/** A chain at which a proposal of a client and one of a peer wait. */
async function startOperated(folder: string): Promise<Setting> {
  const operated = await Operated.start();
  operated.vm.propose([{ data: bytesOf("ours"), caller: "192.0.2.7" }]);
  operated.vm.addGossip([bytesOf("theirs")], peer);
  mkdirSync(`${folder}/backup`);
  return {
    env: { DATA: operated.directory.path },
    shownAs: new Map([
      [operated.directory.path, shownDirectory],
      [`${folder}/backup`, "/backup"],
    ]),
    [Symbol.asyncDispose]: () => operated[Symbol.asyncDispose](),
  };
}

/** The database of a node that does not run: 1,205 blocks, most of which it has seen itself. */
function makeStopped(folder: string): Setting {
  const directory = `${folder}${shownDirectory}`;
  mkdirSync(directory, { recursive: true });
  mkdirSync(`${folder}/data/restored`);
  const blocks = [genesis, ...chainOn(genesis, 1_204)];
  const firstSights = blocks.map((_, i) => (i < 15 ? undefined : { ms: now * 1_000n, node: peer, isImported: false }));
  const rejected = blocks.slice(0, 39).map((block) => childOf(block, "rival"));
  const proposals = [proposal("stamp me"), proposal("and me, please")];
  makeDatabase(`${directory}/timestampvm.db`, { blocks, firstSights, rejected, proposals });
  return {
    env: { DATA: directory, RESTORED: `${folder}/data/restored` },
    shownAs: new Map([[folder, ""]]),
    [Symbol.asyncDispose]: async () => {},
  };
}
