import { formatErrors, formatMethods, formatTypes } from "./api-tables.ts";
import { formatHelp } from "./command-help.ts";
import { rewrite } from "./generated.ts";
import { formatMetrics } from "./metrics-table.ts";

/** What is generated from the code, by document and part. The table of protocols is made by `make release-test`. */
export const parts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "docs/api.md": { methods: formatMethods(), types: formatTypes(), errors: formatErrors() },
  "docs/commands.md": { help: formatHelp() },
  "docs/operate.md": { metrics: formatMetrics() },
};

if (import.meta.main) for (const [path, own] of Object.entries(parts)) rewrite(path, own);
