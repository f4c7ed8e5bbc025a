import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import packageJson from "../../package.json" with { type: "json" };
import { pluginCommand } from "../support/plugin-command.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { formatNotice, runtimeGroups } from "./notice.ts";

const file = "THIRD_PARTY_LICENSES.txt";
const notice = readFileSync(file, "utf8");
const parts = runtimeGroups.flatMap((group) => group.parts);
/** Texts that are not whole without the line of copyright above them. */
const needsCopyright = /^(MIT|ISC|BSD-.*|libpng-.*|Zlib|IJG|Artistic-.*)$/;

test("the licences are those of what is in the executable", async () => {
  const isCurrent = (await formatNotice()) === notice;
  expect(isCurrent, `${file} is not of these packages, or not of this Bun: run \`make gen\``).toBeTrue();
});

test("every dependency is there, and every package that a source imports, in the version of the lock file", () => {
  const sources = [...new Bun.Glob("src/**/*.{ts,tsx}").scanSync(".")].map((path) => readFileSync(path, "utf8"));
  const lock = readFileSync("bun.lock", "utf8");
  const imported = Object.keys(packageJson.devDependencies).filter((name) =>
    sources.some((source) => new RegExp(`from "${name}[/"]`).test(source)),
  );
  expect(imported).toContain("hono");
  for (const name of [...Object.keys(packageJson.dependencies), ...imported]) {
    const [, version] = new RegExp(`"${name}": \\["${name}@([^"]+)"`).exec(lock) ?? [];
    expect(notice).toContain(`\n${name} ${version} (`);
  }
});

test("our own licence comes first", () => {
  const { index } = /Copyright \(c\)/i.exec(notice) ?? {};
  expect(notice.slice(index)).toStartWith("Copyright (c) 2026, the timestampvm authors");
  expect(notice).toContain(readFileSync("LICENSE", "utf8"));
});

test("every licence of a part of the runtime has its text, and no text is there for nothing", () => {
  const texts = readdirSync("licenses/texts").map((name) => name.replace(/\.txt$/, ""));
  expect(new Set(texts)).toEqual(new Set(parts.flatMap(({ licenses }) => licenses)));
});

test("every part of the runtime says whose it is, where its licence asks for that, and which version it is", () => {
  for (const { name, licenses, copyright, version } of parts) {
    if (licenses.some((id) => needsCopyright.test(id))) expect(copyright, name).not.toBeEmpty();
    if (version !== undefined) expect(Object.keys(process.versions), name).toContain(version);
  }
});

test("the way to relink names the commits of WebKit and of Bun that are in this Bun", () => {
  expect(notice).toContain(`git checkout ${Bun.revision}\n`);
  expect(notice).toContain(`git -C vendor/WebKit checkout ${process.versions.webkit}\n`);
  expect(notice).toContain("GNU LIBRARY GENERAL PUBLIC LICENSE");
  expect(notice).toContain("GNU LESSER GENERAL PUBLIC LICENSE");
});

test("the command prints all of it, wherever it is started", async () => {
  using directory = temporaryDirectory();
  const child = Bun.spawn([...pluginCommand, "licenses"], { cwd: directory.path, env: {}, stderr: "pipe" });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  expect([code, err]).toEqual([0, ""]);
  expect(out === notice, "the whole file").toBeTrue();
});

test("a pager that is left is no error", async () => {
  const shell = ["sh", "-c", '{ "$@"; echo $? >&2; } | head -n 1', "sh", ...pluginCommand, "licenses"];
  const child = Bun.spawn(shell, { env: { PATH: process.env.PATH ?? "" }, stderr: "pipe" });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect([out.split("\n").length, err]).toEqual([2, "0\n"]);
});
