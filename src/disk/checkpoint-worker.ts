import { codeOf, messageOf } from "../avalanche/coded-error.ts";
import { LocalCheckpointer } from "../store/checkpointer.ts";
import type { CheckpointAnswer, CheckpointRequest } from "./checkpoint-thread.ts";

// The entry of `CheckpointThread`'s thread. The first request names the file.

let checkpointer: LocalCheckpointer | undefined;

addEventListener("message", ({ data }: MessageEvent<CheckpointRequest>) => postMessage(answer(data)));

function answer({ kind, file }: CheckpointRequest): CheckpointAnswer {
  try {
    if (kind === "close") checkpointer?.close();
    else {
      checkpointer ??= new LocalCheckpointer(file);
      checkpointer.checkpoint();
    }
    return { failure: undefined };
  } catch (error) {
    return { failure: { code: codeOf(error), message: messageOf(error) } };
  }
}
