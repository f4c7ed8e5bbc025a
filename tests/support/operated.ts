import { Log } from "../../src/log.ts";
import { type Door, openDoor } from "../../src/operator/door.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { startVm } from "./chain.ts";
import { temporaryDirectory } from "./temporary.ts";

/** A chain in this process, in a directory of its own, with an operator's door. It ends with the scope. */
export class Operated implements AsyncDisposable {
  readonly directory = temporaryDirectory();
  readonly file: string;
  readonly vm: Vm;
  /** What the door logs. */
  readonly log: string[] = [];
  #door: Door | undefined;

  static async start({ below = "", startBackup = startBackupThread } = {}): Promise<Operated> {
    const operated = new Operated(below);
    const log = new Log((line) => operated.log.push(line));
    operated.#door = await openDoor({ chain: operated.vm, file: operated.file, log, startBackup });
    return operated;
  }

  private constructor(below: string) {
    this.file = this.directory.file(`${below}timestampvm.db`);
    this.vm = startVm({ file: this.file, config: { maxMempoolItems: 100_000 } }).vm;
  }

  closeDoor(): Promise<void> | undefined {
    const door = this.#door;
    this.#door = undefined;
    return door?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeDoor();
    this.vm.close();
    this.directory[Symbol.dispose]();
  }
}

/** The thread that makes backups, from its source. */
export function startBackupThread(): Worker {
  return new Worker(new URL("../../src/operator/backup-worker.ts", import.meta.url).href);
}
