/** Long enough for a loaded machine: a test that meets it has failed. */
export const deadlineMs = 60_000;

/** What `promise` gives; an error that names what was waited for when it takes too long. */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`waited ${deadlineMs} ms in vain for ${what}`)), deadlineMs);
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
