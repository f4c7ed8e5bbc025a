import { CodedError } from "../avalanche/coded-error.ts";

/** Every reason why the database file cannot be used. `file` is its path; `cure` says what an operator can do. */
export type FileRefusal =
  | { readonly code: "database in use"; readonly file: string }
  | { readonly code: "database failed"; readonly file: string; readonly problem: string; readonly cure: string };

/** The database file, or the system below it, failed. */
export class FileError extends CodedError<FileRefusal> {
  override readonly name = "FileError";

  constructor(refusal: FileRefusal, options?: ErrorOptions) {
    super(refusal, describe(refusal), options);
  }
}

function describe(refusal: FileRefusal): string {
  switch (refusal.code) {
    case "database in use":
      return (
        `${refusal.file} is in use by another process: ` +
        "stop the other timestampvm that runs on this chain data directory"
      );
    case "database failed":
      return `${refusal.file}: ${refusal.problem}; ${refusal.cure}`;
  }
}
