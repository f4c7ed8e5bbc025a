import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, parse } from "node:path";

// The architecture, as a test. Each folder of src, and each file at its root, has a row; a new one may import nothing
// until someone decides its row.

interface Row {
  /** What it may import of src and gen, besides itself. */
  readonly layers: readonly string[];
  /** Of which it may import types. */
  readonly typesOf?: readonly string[];
  readonly packages: RegExp;
}

const rowByLayer: Readonly<Record<string, Row>> = {
  avalanche: { layers: [], packages: /^(@scure\/base|@noble\/hashes\/sha2\.js|node:crypto)$/ },
  core: { layers: ["avalanche"], packages: /^$/ },
  proof: { layers: ["core", "avalanche"], packages: /^@noble\/hashes\/(legacy|sha3)\.js$/ },
  client: { layers: ["core", "avalanche"], typesOf: ["proof"], packages: /^zod$/ },
  store: { layers: ["core", "avalanche"], packages: /^(bun:sqlite|node:fs|node:path|node:crypto)$/ },
  disk: { layers: ["store", "core", "avalanche"], packages: /^node:(fs|util)$/ },
  vm: { layers: ["store", "core", "avalanche"], packages: /^$/ },
  api: {
    layers: ["vm", "client", "proof", "core", "avalanche", "log"],
    packages: /^(hono(\/.+)?|zod)$/,
  },
  calendar: {
    layers: ["client", "proof", "core", "avalanche", "log"],
    packages: /^node:(crypto|events|http|net)$/,
  },
  explorer: {
    layers: ["vm", "client", "proof", "core", "avalanche"],
    packages: /^(hono(\/.+)?|hash-wasm|client-zip)$/,
  },
  rpcchainvm: {
    layers: ["avalanche", "gen", "log"],
    packages:
      /^(@connectrpc\/.+|@bufbuild\/protobuf(\/.+)?|node:(child_process|crypto|fs|http2|net|os|path|stream|timers\/promises))$/,
  },
  operator: {
    layers: ["disk", "vm", "store", "core", "avalanche", "log"],
    packages: /^node:(crypto|events|fs|fs\/promises|http|os|path|timers\/promises)$/,
  },
  plugin: {
    layers: ["operator", "disk", "rpcchainvm", "vm", "store", "core", "avalanche", "gen", "proof", "log"],
    packages: /^(@connectrpc\/connect|@bufbuild\/protobuf(\/.+)?|node:(path|timers\/promises))$/,
  },
  clients: {
    layers: ["api", "explorer", "store", "vm", "client", "proof", "core", "avalanche", "rpcchainvm", "log"],
    packages: /^node:(events|net|os|timers\/promises)$/,
  },
  dev: {
    layers: ["operator", "vm", "api", "explorer", "disk", "core", "avalanche", "log"],
    packages: /^(hono(\/.+)?|@hono\/node-server|node:(events|http|net|timers\/promises))$/,
  },
  cli: {
    layers: [
      "dev",
      "calendar",
      "operator",
      "client",
      "proof",
      "store",
      "vm",
      "core",
      "avalanche",
      "log",
      "THIRD_PARTY_LICENSES",
    ],
    packages: /^(commander|node:(crypto|fs|path))$/,
  },
  log: { layers: [], packages: /^$/ },
  main: {
    layers: [
      "api",
      "avalanche",
      "calendar",
      "cli",
      "client",
      "clients",
      "core",
      "dev",
      "disk",
      "explorer",
      "log",
      "operator",
      "package",
      "plugin",
      "proof",
      "rpcchainvm",
      "store",
      "vm",
    ],
    packages: /./,
  },
};

/** What the picture in ARCHITECTURE.md leaves out: everybody may log, and the others import nothing of ours. */
const notDrawn = new Set(["log", "gen", "package", "THIRD_PARTY_LICENSES"]);

/** No code may be longer: blank lines and comments aside. */
const maxCodeLines = 250;
/** No line may be longer, comments included. Code is wrapped by the formatter, a long text is put together by hand. */
const maxColumns = 120;

const imports = /(?:\bfrom\s*|(?<!["'])\bimport\s*\(?\s*)["']([^"']+)["']/g; // `import type` counts, the text "import" does not
const typeImports = /^import type [^;]*?\bfrom "([^"]+)";$/gm;
const comments = /\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g;
const impure =
  /\bDate\.now|new Date\(\)|Math\.random|\bprocess\.|\bBun\.|\bfetch\(|\bset(Timeout|Interval)|\bconsole\.|\bperformance\./;
const suspends = /\basync\b|\bawait\b/;
const banned = /\bas any\b|\bexport default\b|\benum\s+\w+\s*\{|\bnamespace\s+\w+\s*\{|@ts-ignore|@ts-nocheck/;
/**
 * Closing any descriptor of a file ends all locks that the process has on it (fcntl(2)), those of SQLite too, and other
 * processes could write the database. So what runs beside it opens no file that could be the database: only these do,
 * and none of their files can be.
 */
const opens =
  /\b(open|openSync|\w*[rR]eadFile(Sync)?|\w*[wW]riteFile(Sync)?|(append|copy)File(Sync)?|cp(Sync)?|truncate(Sync)?|create(Read|Write)Stream)\b/;
const opensByBun = /\bBun\.(file|write|mmap)\(/;
const openers: Readonly<Record<string, string>> = {
  "src/store/database.ts": "the database, before SQLite does",
  "src/store/new-file.ts": "what it has made itself, and directories",
  "src/store/open-files.ts": "/dev/null",
  "src/disk/log-disk.ts": "the write-ahead log, on which SQLite holds no lock",
  "src/operator/socket-file.ts": "the file with the socket's path",
  "src/rpcchainvm/start/chain-data-dir.ts": "the node's config",
  "src/rpcchainvm/start/known-protocol.ts": "what an earlier plugin wrote down",
  "src/rpcchainvm/start/node-process.ts": "what Linux knows of the node",
};
/** Commands run in a process of their own; the source of the page is read while the binary is made. */
const runsAlone = /^src\/(cli|explorer)\//;

/** A protocol's number, compared or looked up. */
const testsProtocol =
  /(rotocol|ersion)(\.\w+)?\s*([<>]=?|[!=]==)\s*\d|\d\s*([<>]=?|[!=]==)\s*[\w.]*(rotocol|ersion)|protocolOf\(\d|case\s+\d/;
const leftOver = /\b(TODO|FIXME|XXX)\b/;

/** "src/vm/vm.ts" → "vm", "src/main.ts" → "main", "gen/vm/vm_pb.ts" → "gen" */
const layerOf = (path: string) => path.replace(/^src\//, "").split(/[/.]/)[0] ?? "";
const isPath = (name: string) => /^(src|gen|tests)\/|^(package\.json|THIRD_PARTY_LICENSES\.txt)$/.test(name);

const root = join(import.meta.dir, "..");
const packageJson: PackageJson = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** What the package shows to others. */
const exported = valuesOf(packageJson.exports).map((path) => join(path));
/** Where programs begin, of which nothing else need be imported. */
const entryPoints = [
  "src/main.ts",
  "src/clients/worker.ts",
  "src/disk/checkpoint-worker.ts",
  "src/disk/upgrade-worker.ts",
  "src/operator/backup-worker.ts",
  "src/explorer/browser/page-script.ts",
  "src/explorer/browser/hash-worker.ts",
  ...exported,
];
const textByPath = new Map(
  ["src/**/*.{ts,tsx}", "tests/**/*.{ts,tsx}"].flatMap((pattern) =>
    [...new Bun.Glob(pattern).scanSync(root)].map((path) => [path, readFileSync(join(root, path), "utf8")] as const),
  ),
);
const sources = [...textByPath].filter(([path]) => path.startsWith("src/"));

interface PackageJson {
  readonly imports: Readonly<Record<string, unknown>>;
  readonly exports?: unknown;
}

/** The sources in a value, whatever conditions lead to them; not what is built of them, for those who install the package. */
function valuesOf(value: unknown = {}): string[] {
  if (typeof value === "string") return value.startsWith("./dist/") ? [] : [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(valuesOf) : [];
}

/** What a name in a file stands for: a path in this repository or a package; of a "#name", all that it may stand for. */
function resolve(from: string, name: string): string[] {
  if (name.startsWith("#")) return valuesOf(packageJson.imports[name]).map((target) => join(target));
  return [name.startsWith(".") ? join(dirname(from), name) : name];
}

function importsOf(path: string): string[] {
  const names = [...(textByPath.get(path) ?? "").matchAll(imports)];
  return names.flatMap(([, name = ""]) => resolve(path, name));
}

/** These files, and all that they import, themselves or through others. */
function reachedFrom(...paths: readonly string[]): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [...paths];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (!textByPath.has(path) || reached.has(path)) continue;
    reached.add(path);
    open.push(...importsOf(path));
  }
  return reached;
}

describe.each(sources)("%s", (path, text) => {
  const layer = layerOf(path);
  const row = rowByLayer[layer] ?? { layers: [], packages: /^$/ };
  const code = text.replace(comments, "");
  const types = [...text.matchAll(typeImports)].flatMap(([, name = ""]) => resolve(path, name));

  test("imports what its layer may import", () => {
    for (const name of importsOf(path)) {
      const layers = [layer, ...row.layers, ...(types.includes(name) ? (row.typesOf ?? []) : [])];
      if (isPath(name)) expect(layers, `import ${name}`).toContain(layerOf(name));
      else expect(name, "a package").toMatch(row.packages);
    }
  });

  test("keeps to the rules of its layer", () => {
    if (/^(avalanche|core|proof)$/.test(layer)) expect(code, "pure").not.toMatch(impure);
    if (/^(avalanche|core|proof|store|vm)$/.test(layer))
      expect(code, "a call runs to completion").not.toMatch(suspends);
    if (layer === "rpcchainvm" && !path.endsWith("/protocol.ts")) {
      expect(code, "only protocol.ts knows protocol numbers").not.toMatch(testsProtocol);
    }
    if (!runsAlone.test(path) && openers[path] === undefined) {
      const named = [...code.matchAll(/import \{([^}]*)\} from "node:fs(?:\/promises)?"/g)].map(([, names]) => names);
      for (const names of named) expect(names, "opens no file").not.toMatch(opens);
      expect(code, "imports functions of files by name").not.toMatch(
        /import \w+ from "node:fs|\* as \w+ from "node:fs/,
      );
      expect(code, "opens no file").not.toMatch(opensByBun);
    }
    if (layer !== "store") expect(importsOf(path), "only store knows SQLite").not.toContain("bun:sqlite");
  });

  test("is short, plain and finished", () => {
    const lines = code.split("\n").filter((line) => line.trim() !== "");
    expect(lines.length, "lines of code").toBeLessThanOrEqual(maxCodeLines);
    expect(text.split("\n").filter((line) => line.length > maxColumns)).toEqual([]);
    expect(code).not.toMatch(banned);
    expect(text).not.toMatch(leftOver);
  });
});

test("every layer of the table is there", () => {
  expect(new Set(sources.map(([path]) => layerOf(path)))).toEqual(new Set(Object.keys(rowByLayer)));
});

test("the picture in ARCHITECTURE.md shows the table: no arrow more, and nothing without a way", () => {
  const picture = /```mermaid\nflowchart TD\n(.*?)```/s.exec(readFileSync(join(root, "ARCHITECTURE.md"), "utf8"))?.[1];
  const arrows = (picture ?? "").split("\n").flatMap((line) => {
    const [from = [], to = []] = line.split(" --> ").map((rooms) => rooms.trim().split(" & "));
    return from.flatMap((room) => to.map((other) => [room, other] as const));
  });
  const leadTo = (room: string): string[] =>
    arrows.filter(([from]) => from === room).flatMap(([, to]) => [to, ...leadTo(to)]);
  const imported = (room: string) => [...(rowByLayer[room]?.layers ?? []), ...(rowByLayer[room]?.typesOf ?? [])];
  expect(arrows.filter(([from, to]) => !imported(from).includes(to))).toEqual([]);
  for (const room of Object.keys(rowByLayer)) {
    const rooms = imported(room).filter((name) => !notDrawn.has(name));
    expect(leadTo(room), room).toEqual(expect.arrayContaining(rooms));
  }
});

test("ARCHITECTURE.md is one page", () => {
  expect(readFileSync(join(root, "ARCHITECTURE.md"), "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(120);
});

test("every file that may open files does", () => {
  expect(Object.keys(openers).filter((path) => !opens.test(textByPath.get(path) ?? ""))).toEqual([]);
});

test("no imports go in a circle, those of types included", () => {
  const seen = new Set<string>();
  const circleFrom = (path: string, way: readonly string[]): readonly string[] => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (seen.has(path)) return [];
    seen.add(path);
    return importsOf(path).flatMap((next) => circleFrom(next, [...way, path]));
  };
  expect(sources.flatMap(([path]) => circleFrom(path, []))).toEqual([]);
});

test("no two files have names that differ only in their ending", () => {
  const names = [...new Bun.Glob("src/**/*").scanSync(root)].map((path) => parse(path));
  const twins = names.filter(({ name, ext }) => names.some((other) => other.name === name && other.ext !== ext));
  expect(twins.map(({ dir, base }) => `${dir}/${base}`)).toEqual([]);
});

test("every file is reached from where a program begins, or is exported", () => {
  const reached = reachedFrom(...entryPoints);
  expect(sources.map(([path]) => path).filter((path) => !reached.has(path))).toEqual([]);
});

test("every exported name is imported somewhere, or part of one that is", () => {
  const clauses = /(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s*from\s*["']([.#][^"']+)["']/g;
  const used = new Set<string>();
  for (const [path, text] of textByPath) {
    for (const [, names = "", from = ""] of text.matchAll(clauses)) {
      for (const name of names.split(",")) {
        const plain = name
          .trim()
          .replace(/^type\s+/, "")
          .replace(/\s+as\s+.*/, "");
        for (const target of resolve(path, from)) used.add(`${target} ${plain}`);
      }
    }
  }
  const exports = /^export (?:declare )?(?:const|let|function\*?|class|interface|type) (\w+)/gm;
  const inner = sources.filter(([path]) => !exported.includes(path));
  const unused = inner.flatMap(([path, text]) =>
    [...text.matchAll(exports)]
      .map(([, name = ""]) => name)
      .filter((name) => !used.has(`${path} ${name}`))
      // A type that another declaration of its file mentions is the shape of something that is exported.
      .filter((name) => /^[a-z]/.test(name) || (text.match(new RegExp(`\\b${name}\\b`, "g")) ?? []).length < 2)
      .map((name) => `${path} ${name}`),
  );
  expect(unused).toEqual([]);
});

/** Tests that start a program all the same: one life of the binary, and serde, where FUZZ_ORACLE names a program with it. */
const startAProgram = ["tests/plugin/life.test.ts", "tests/fuzz/blocks.test.ts"];
const inProcess = [...textByPath.keys()].filter(
  (path) => /(?<!\.binary)\.test\.ts$/.test(path) && !startAProgram.includes(path),
);

test.each(inProcess)("%s starts no program, or it would be called X.binary.test.ts", (path) => {
  const starts = (file: string) =>
    /\bBun\.(spawn|\$)/.test(textByPath.get(file) ?? "") || importsOf(file).includes("node:child_process");
  const helpers = [...reachedFrom(path)].filter((file) => file.startsWith("tests/"));
  expect(helpers.filter(starts)).toEqual([]);
});

const fakeNode = [...textByPath].filter(([path]) => path.startsWith("tests/fake-node/"));

test.each(fakeNode)("%s knows no VM: it imports gen, ids and packages", (path, text) => {
  for (const name of importsOf(path)) {
    if (isPath(name)) expect(name).toMatch(/^(gen|src\/avalanche|tests\/fake-node)\//);
    else expect(name, "a package").toMatch(/^(@connectrpc\/.+|@bufbuild\/protobuf(\/.+)?|bun|node:.+)$/);
  }
  expect(text).not.toMatch(/timestamp-?vm/i);
});
