import { readdirSync, readFileSync } from "node:fs";
import packageJson from "../../package.json" with { type: "json" };

/** A package of which there is code in the executable. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression, as the package has it. */
  readonly license: string;
  /** Its licence and notice files; empty where the package has none. */
  readonly text: string;
  /** The lines of copyright in the files that are bundled. */
  readonly copyright: readonly string[];
}

/** The packages of which the bundler puts code into the executable, sorted by name. The bundler writes nothing. */
export async function bundledPackages(): Promise<readonly BundledPackage[]> {
  const files = [...(await bundledFiles(programs(), "bun")), ...(await bundledFiles(pageScripts, "browser"))];
  const filesByFolder = Map.groupBy(files, (path) => packageFolder.exec(path)?.[0]);
  const folders = [...filesByFolder].flatMap(([folder, paths]) => (folder === undefined ? [] : [{ folder, paths }]));
  return folders.map(readPackage).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The page's scripts are bundled while the program is: the program has them as texts. */
const pageScripts = ["src/explorer/browser/page-script.ts", "src/explorer/browser/hash-worker.ts"];
const packageFolder = /^.*node_modules\/(@[^/]+\/)?[^/]+/;

/** The program, and the files of its threads, which nothing imports: the Makefile may name them as it likes. */
function programs(): readonly string[] {
  return ["src/main.ts", ...new Bun.Glob("src/*/*worker.ts").scanSync()];
}

async function bundledFiles(entrypoints: readonly string[], target: "bun" | "browser"): Promise<readonly string[]> {
  const { metafile } = await Bun.build({ entrypoints: [...entrypoints], target, metafile: true });
  return Object.values(metafile?.outputs ?? {}).flatMap(({ inputs }) => Object.keys(inputs));
}

function readPackage({ folder, paths }: { folder: string; paths: readonly string[] }): BundledPackage {
  const { name, version, license }: typeof packageJson = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const notices = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const sources = paths.map((path) => readFileSync(path, "utf8")).join("\n");
  return {
    name,
    version,
    license,
    text: notices.map((file) => readFileSync(`${folder}/${file}`, "utf8").trim()).join("\n\n"),
    copyright: [...new Set([...sources.matchAll(/^\/\/ (Copyright .*)$/gm)].map(([, line = ""]) => line))].toSorted(),
  };
}
