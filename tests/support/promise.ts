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
