import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** How to start the program: from its source, or the binary that TIMESTAMPVM_BINARY names. */
export const pluginCommand: readonly string[] = process.env.TIMESTAMPVM_BINARY
  ? [resolve(process.env.TIMESTAMPVM_BINARY)]
  : [process.execPath, fileURLToPath(new URL("../../src/main.ts", import.meta.url))];
