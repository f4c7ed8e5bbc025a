import { messageOf } from "../avalanche/coded-error.ts";
import { FileError } from "../store/errors.ts";
import { runSteps } from "../store/run-steps.ts";
import type { JobNews } from "./job-thread.ts";

/** Runs on the thread of `runOnThread`. Does the one job that it gets, step by step, and reports its progress. */
export function takeJob<Job, Progress, Done>(begin: (job: Job) => Generator<Progress, Done>): void {
  const say = (news: JobNews<Progress, Done>) => postMessage(news);
  addEventListener("message", ({ data }: MessageEvent<Job>) => {
    try {
      say({ done: runSteps(begin(data), (progress) => say({ progress })) });
    } catch (error) {
      say({ failed: messageOf(error), refusal: error instanceof FileError ? error.refusal : undefined });
    }
  });
}
