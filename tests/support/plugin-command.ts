import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** How to start the program: from its source, or the binary that TIMESTAMPVM_BINARY names. */
export const pluginCommand: readonly string[] = process.env.TIMESTAMPVM_BINARY
  ? [resolve(process.env.TIMESTAMPVM_BINARY)]
  : [process.execPath, fileURLToPath(new URL("../../src/main.ts", import.meta.url))];

/** The only variable that a node gives its plugins. */
export function pluginEnvironment(runtimeAddress: string): Record<string, string> {
  return { AVALANCHE_VM_RUNTIME_ENGINE_ADDR: runtimeAddress };
}
