import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../support/temporary.ts";
import { noRecorder, Recorder } from "./recorder.ts";

setDefaultTimeout(300_000);

test.skipIf(noRecorder !== undefined)(
  "threads that read the file and end, however that comes, keep no commit waiting while the disk stalls",
  async () => {
    using directory = temporaryDirectory();
    const disk = directory.file("disk");
    mkdirSync(disk);
    const recorder = new Recorder(directory.path, disk);
    const program = Bun.spawn([process.execPath, join(import.meta.dir, "ended-readers.ts"), join(disk, "chain.db")], {
      env: { ...process.env, ...recorder.environment },
      stderr: "pipe",
    });
    expect(await program.stderr.text()).toBe("");
    expect(await program.exited).toBe(0);
  },
);
