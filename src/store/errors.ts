import { CodedError } from "../avalanche/coded-error.ts";

/** Every way the database file refuses. `file` is its path; `cure` says what an operator can do. */
export type FileRefusal =
  | { readonly code: "database in use"; readonly file: string }
  | { readonly code: "database failed"; readonly file: string; readonly problem: string; readonly cure: string };

/** What the file, or the system below it, refuses. */
export class FileError extends CodedError<FileRefusal> {
  override readonly name = "FileError";

  constructor(refusal: FileRefusal, options?: ErrorOptions) {
    super(refusal, describe(refusal), options);
  }
}

function describe(refusal: FileRefusal): string {
  switch (refusal.code) {
    case "database in use":
      return `${refusal.file} is in use by another process: stop the other timestampvm that runs on this chain data directory`;
    case "database failed":
      return `${refusal.file}: ${refusal.problem}; ${refusal.cure}`;
  }
}
