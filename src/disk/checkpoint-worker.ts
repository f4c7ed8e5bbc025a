import { codeOf, messageOf } from "../avalanche/coded-error.ts";
import { checkpoint } from "../store/checkpoint.ts";
import type { CheckpointAnswer, CheckpointRequest } from "./checkpoint-thread.ts";

// The entry of `CheckpointThread`'s thread.

addEventListener("message", ({ data }: MessageEvent<CheckpointRequest>) => postMessage(answer(data)));

function answer({ file }: CheckpointRequest): CheckpointAnswer {
  try {
    checkpoint(file);
    return { failure: undefined };
  } catch (error) {
    return { failure: { code: codeOf(error), message: messageOf(error) } };
  }
}
