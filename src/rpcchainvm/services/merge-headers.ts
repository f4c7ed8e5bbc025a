import type { HeaderLine } from "./http-handler.ts";

/**
 * The headers of an answer beside those that the node has set for it before. Where both have one, the value is ours, or
 * a list has the values of both.
 */
export function mergeHeaders(ours: readonly HeaderLine[], nodes: readonly HeaderLine[]): HeaderLine[] {
  const merge = (our: HeaderLine) => {
    const values = isJoined(our) ? [...valuesOf(our, nodes), ...our.values] : our.values;
    return { key: our.key, values: [...new Set(values)] };
  };
  return [...ours.map(merge), ...nodes.filter((line) => !ours.some((our) => isSame(our, line)))];
}

function valuesOf(line: HeaderLine, lines: readonly HeaderLine[]): string[] {
  return lines.filter((other) => isSame(line, other)).flatMap(({ values }) => values);
}

function isSame(a: HeaderLine, b: HeaderLine): boolean {
  return a.key.toLowerCase() === b.key.toLowerCase();
}

function isJoined({ key }: HeaderLine): boolean {
  return joined.has(key.toLowerCase());
}

/**
 * Lists to which each handler on the way adds what it knows (`Header().Add` in Go). Without `Vary: Origin`, a cache
 * would give an answer for one origin to another. Other lists, such as `Allow` and `Access-Control-Allow-Methods`, are
 * the statement of one handler.
 */
const joined: ReadonlySet<string> = new Set([
  "access-control-expose-headers",
  "cache-control",
  "link",
  "server-timing",
  "set-cookie",
  "vary",
  "via",
  "warning",
]);
