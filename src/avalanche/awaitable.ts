/** A value or a promise of it. Methods of a VM and of its API give either. */
export type Awaitable<T> = T | Promise<T>;

/** Calls `next` with the value; at once if it is no promise, since most calls take microseconds and need none. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
