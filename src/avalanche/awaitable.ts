/** A value, or a promise of it: what a VM gives, and a method of its API. */
export type Awaitable<T> = T | Promise<T>;

/** Does `next` with what is given, at once where it is no promise: most calls are done in microseconds, without one. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
