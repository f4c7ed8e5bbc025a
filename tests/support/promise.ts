/** How a promise stands once everything that can run now has run. */
export async function stateOf(promise: Promise<unknown>): Promise<"waiting" | "resolved" | unknown> {
  let state: unknown = "waiting";
  promise.then(
    () => {
      state = "resolved";
    },
    (error: unknown) => {
      state = error;
    },
  );
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  return state;
}

/** Why a promise rejects; an error when it does not. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (reason) {
    return reason;
  }
  throw new Error("the promise did not reject");
}

/** Resolves once it is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await Bun.sleep(1);
}
