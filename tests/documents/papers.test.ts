import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { scripts } from "../../package.json" with { type: "json" };
import { defaultConfig } from "../../src/core/config.ts";
import { pointerName } from "../../src/operator/socket-file.ts";
import { privateDirectoryMode, privateFileMode } from "../../src/store/database.ts";
import { documents, readDocument } from "./sessions.ts";

// What the small papers of the repository say of the rest of it.

const root = join(import.meta.dir, "../..");
const textOf = (path: string) => readFileSync(join(root, path), "utf8");

/** What `make help` lists. */
const targets = [...textOf("Makefile").matchAll(/^([a-z-]+):.*## /gm)].map(([, target = ""]) => target);

test("each script of package.json is a target of the Makefile", () => {
  const { prepack: _, ...calls } = scripts;
  for (const [name, command] of Object.entries(calls)) {
    expect(command).toStartWith("make ");
    expect(targets, name).toContain(command.slice("make ".length));
  }
});

test.each(documents)("%s names targets that the Makefile has", (path) => {
  const named = [...readDocument(path).matchAll(/(?:`|^\$ )make ([a-z][a-z-]*)|^make ([a-z-]+) {2}/gm)].map(
    ([, inSentence, inList = ""]) => inSentence ?? inList,
  );
  for (const target of named) expect(targets).toContain(target);
});

test.each([
  ["ci.yml", ".ci/run"],
  ["releases.yml", "make release-test"],
])(
  "the workflow %s runs what any machine runs, may only read, and takes each action at one commit",
  (name, command) => {
    const text = textOf(`.github/workflows/${name}`);
    const { permissions, jobs } = Bun.YAML.parse(text) as Workflow;
    expect(permissions).toEqual({ contents: "read" });
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    expect(steps.map(({ run }) => run)).toContain(command);
    for (const { uses } of steps) if (uses !== undefined) expect(text).toMatch(pinned(uses));
  },
);

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly { readonly run?: string; readonly uses?: string }[] }>
  >;
}

/** A line with this action at a commit, and the version in a comment. */
function pinned(action: string): RegExp {
  const [name = ""] = action.split("@");
  return new RegExp(`uses: ${RegExp.escape(name)}@[0-9a-f]{40} # v\\d+\\.\\d+\\.\\d+$`, "m");
}

describe("CONTRIBUTING", () => {
  const contributing = textOf("CONTRIBUTING.md");

  test("names every target of the Makefile, and no other", () => {
    const named = [...contributing.matchAll(/(?:`|\$ )make ([a-z-]+)/g)].map(([, target = ""]) => target);
    expect([...new Set(named)].sort()).toEqual([...targets].sort());
  });

  test("names files and folders that are there", () => {
    const paths = [...contributing.matchAll(/`((?:src|tests|proto|gen|\.ci|\.github)\/[^`]*)`/g)];
    for (const [, path = ""] of paths) expect(existsSync(join(root, path)), path).toBeTrue();
  });
});

test("SECURITY names the files, modes and settings that there are", () => {
  const security = textOf("SECURITY.md");
  expect(security).toContain(`\`${pointerName}\``);
  for (const mode of [privateFileMode, privateDirectoryMode]) expect(security).toContain(` 0${mode.toString(8)}`);
  for (const [, setting = ""] of security.matchAll(/`(client\w+)`/g)) expect(defaultConfig).toHaveProperty(setting);
});

test("CHANGELOG has what is unreleased, then each release with its date, the newest first", () => {
  const [first, ...releases] = [...textOf("CHANGELOG.md").matchAll(/^## (.*)$/gm)].map(([, heading = ""]) => heading);
  expect(first).toBe("Unreleased");
  for (const release of releases) expect(release).toMatch(/^\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d$/);
  const versions = releases.map((release) => release.split(" - ")[0] ?? "");
  expect(versions).toEqual(versions.toSorted((a, b) => Bun.semver.order(b, a)));
});
