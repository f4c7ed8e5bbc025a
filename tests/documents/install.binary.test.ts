import { expect, test } from "bun:test";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { vmIdFromName } from "../../src/avalanche/vm-id.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { printedBy } from "./running.ts";
import { readDocument } from "./sessions.ts";
import { makeHome, settings } from "./settings.ts";

const vmId = `${vmIdFromName("timestampvm")}`;

async function inClone(work: (make: (words: string) => Promise<string>, folder: string) => Promise<void>) {
  using home = makeHome();
  await using clone = await settings.clone?.(home.path);
  if (clone === undefined) throw new Error("there is no such setting");
  const make = async (words: string) =>
    (await printedBy([`make ${words}`], { cwd: home.path, env: home.env }))[0] ?? "";
  await work(make, home.path);
}

const shellFiles = [
  "man/man1/timestampvm.1",
  "bash-completion/completions/timestampvm",
  "zsh/site-functions/_timestampvm",
  "fish/vendor_completions.d/timestampvm.fish",
];

test("make install puts the binary below DESTDIR, by itself and as a plugin, and make uninstall removes it", () =>
  inClone(async (make, folder) => {
    const where = `DESTDIR='${folder}/a stage' prefix=/usr PLUGIN_DIR=/var/plugins`;
    const installed = [`${folder}/a stage/usr/bin/timestampvm`, `${folder}/a stage/var/plugins/${vmId}`];
    expect(await make(`install ${where}`)).toBe(installed.map((file) => `installed ${file}\n`).join(""));
    for (const file of installed) {
      expect(statSync(file).mode & 0o777).toBe(0o755);
      expect(readFileSync(file).equals(readFileSync(`${folder}/build/timestampvm`))).toBeTrue();
    }
    const besides = shellFiles.map((file) => `${folder}/a stage/usr/share/${file}`);
    for (const file of besides) expect(readFileSync(file, "utf8")).toContain("timestampvm");
    await make(`uninstall ${where}`);
    for (const file of [...installed, ...besides]) expect(existsSync(file)).toBeFalse();
  }));

test("make install DESTDIR=~/stage is below the home, whatever the shell", () =>
  inClone(async (make, folder) => {
    await make("install DESTDIR='~/stage' PREFIX='~/.local'");
    expect(existsSync(`${folder}/stage${folder}/.local/bin/timestampvm`)).toBeTrue();
    expect(existsSync(`${folder}/~`)).toBeFalse();
  }));

test("make network BINARY=~/x and make bench BEFORE=~/x are about what is in the home", () =>
  inClone(async (make, folder) => {
    writeFileSync(`${folder}/x`, "");
    expect(await make("--dry-run network BINARY='~/x'")).toContain(` -binary '${folder}/x' `);
    const bench = await make("--dry-run bench BEFORE='~/x'");
    expect(bench.match(/--before .*/g)).toEqual([`--before '${folder}/x'`, `--before '${folder}/x'`]);
  }));

test("an installed binary that runs keeps its file, and nothing else is left beside a plugin", () =>
  inClone(async (make, folder) => {
    const where = "install PREFIX='~/.local' PLUGIN_DIR='~/.avalanchego/plugins'";
    const plugins = `${folder}/.avalanchego/plugins`;
    await make(where);
    const held = openSync(`${plugins}/${vmId}`, "r");
    const before = statSync(`${plugins}/${vmId}`).ino;
    await make(where);
    expect(statSync(`${plugins}/${vmId}`).ino).not.toBe(before);
    expect(readFileSync(held).length).toBeGreaterThan(0);
    closeSync(held);
    expect(readdirSync(plugins)).toEqual([vmId]);
    expect(readdirSync(`${folder}/.local/bin`)).toEqual(["timestampvm"]);
  }));

// Both are of the runtime that is in the binary.
test.skipIf(process.platform !== "linux" || process.arch !== "x64")(
  "the documents say which glibc the binary needs",
  () => {
    const executable = readFileSync(pluginCommand[0] ?? "");
    const needed = Math.max(...versionsIn(executable));
    for (const path of ["README.md", "docs/operate.md"]) expect(readDocument(path)).toContain(`glibc 2.${needed}`);
  },
);

/** The minor versions of the symbols of glibc 2 that an executable names. */
function versionsIn(executable: Buffer): number[] {
  const prefix = "GLIBC_2.";
  const versions: number[] = [];
  for (let at = executable.indexOf(prefix); at >= 0; at = executable.indexOf(prefix, at + 1)) {
    const digits = executable.toString("latin1", at + prefix.length, at + prefix.length + 3);
    versions.push(Number.parseInt(digits, 10));
  }
  return versions;
}
