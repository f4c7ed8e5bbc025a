import { readFileSync, writeFileSync } from "node:fs";
import runtime from "../../licenses/runtime.json" with { type: "json" };
import { type BundledPackage, bundledPackages } from "./bundled-packages.ts";

// The licences of the executable and of all that is in it: `notice.ts FILE` writes them.

/** A part of the runtime. `licenses/runtime.json` has them, in groups. */
interface RuntimePart {
  readonly name: string;
  /** The name under which `process.versions` has its version, or its commit. */
  readonly version?: string | undefined;
  readonly source?: string | undefined;
  /** SPDX ids, of those that it offers the one that is taken. `licenses/texts` has their texts. */
  readonly licenses: readonly string[];
  readonly copyright: readonly string[];
  readonly note?: string | undefined;
}

interface RuntimeGroup {
  readonly title: string;
  readonly about: string;
  readonly parts: readonly RuntimePart[];
}

/** What Bun is made of. */
export const runtimeGroups: readonly RuntimeGroup[] = runtime.groups;

/** The whole text: our own licence, the packages, the runtime, and the texts that several parts share. */
export async function formatNotice(): Promise<string> {
  if (Bun.version !== runtime.bun) throw new Error(otherRuntime);
  const packages = await bundledPackages();
  return [
    heading("timestampvm"),
    readFileSync("LICENSE", "utf8").trim(),
    "Its executable has in it what follows, each under its own licence.",
    heading("npm packages in timestampvm"),
    ...packages.map(formatPackage),
    heading(`Bun ${runtime.bun}, the runtime`),
    aboutBun.trim(),
    ...runtimeGroups.flatMap(({ title, about, parts }) => [heading(title), wrap(about), ...parts.map(formatPart)]),
    heading("The texts of the licences"),
    wrap(aboutTexts),
    ...sharedLicenses(packages).map((id) => `${underlined(id)}\n\n${textOf(id)}`),
  ]
    .join("\n\n")
    .concat("\n");
}

const otherRuntime =
  `licenses/runtime.json says what is in Bun ${runtime.bun}, and this is Bun ${Bun.version}: ` +
  "compare it with https://bun.com/docs/project/license, and change the version in it";

/** How to relink is what the LGPL asks for (LGPL-2.1, 6a; LGPL-2.0, 6a). */
const aboutBun = `
Bun (MIT)
  https://github.com/oven-sh/bun
  ${Bun.revision}
  Its LICENSE.md names no copyright holder.

JavaScriptCore and TinyCC, which it links statically, are under the LGPL. You
may change them and link them again. These commands make a Bun with a WebKit
of yours:

  git clone https://github.com/oven-sh/bun && cd bun
  git checkout ${Bun.revision}
  git clone https://github.com/oven-sh/WebKit vendor/WebKit
  git -C vendor/WebKit checkout ${process.versions.webkit}
  bun run build:local

Bun's scripts/build/deps/tinycc.ts says which TinyCC is taken. In a checkout
of timestampvm, this makes the executable with your Bun:

  rm -f build/timestampvm && make build bun=/path/to/your/bun
`;

const aboutTexts =
  'Each text stands here once. Its "above copyright notice" is what is said of copyright where the part is named, ' +
  'and its "copyright holder" is who is named there.';

function heading(title: string): string {
  return `${"=".repeat(columns)}\n${title}\n${"=".repeat(columns)}`;
}

function underlined(title: string): string {
  return `${title}\n${"-".repeat(title.length)}`;
}

function formatPackage({ name, version, license, text, copyright }: BundledPackage): string {
  const said = text === "" ? copyright.map(indent).join("\n") : text;
  return `${underlined(`${name} ${version} (${license.replace(/^\(|\)$/g, "")})`)}\n\n${said}`;
}

function formatPart({ name, version, source, licenses, copyright, note }: RuntimePart): string {
  const named = version === undefined ? name : `${name} ${process.versions[version]}`;
  const lines = [...(source === undefined ? [] : [source]), ...copyright, ...(note === undefined ? [] : [note])];
  return [`${named} (${licenses.join(", ") || "public domain"})`, ...lines.map(indent)].join("\n");
}

/** The licences whose texts the packages and the runtime do not have themselves. */
function sharedLicenses(packages: readonly BundledPackage[]): readonly string[] {
  const ofPackages = packages.filter(({ text }) => text === "").flatMap(({ license }) => license.match(spdxId) ?? []);
  const ofRuntime = runtimeGroups.flatMap(({ parts }) => parts.flatMap(({ licenses }) => licenses));
  return [...new Set([...ofPackages, ...ofRuntime])].toSorted();
}

const spdxId = /[A-Za-z]+-[\w.-]+|MIT|ISC|Zlib/g;

function textOf(id: string): string {
  return readFileSync(`licenses/texts/${id}.txt`, "utf8").replace(/^\n+|\n+$/g, "");
}

function indent(line: string): string {
  return `  ${line}`;
}

const columns = 79;

function wrap(text: string): string {
  return text.replace(new RegExp(`(.{1,${columns}})(?: |$)`, "g"), "$1\n").trim();
}

if (import.meta.main) {
  const [file = ""] = process.argv.slice(2);
  writeFileSync(file, await formatNotice());
}
