// Limits of one call of the API, which clients know too.

/** Milliseconds that a call may wait: less than the 30 s after which a node ends it. */
export const maxWaitMs = 25_000;

/** Bytes of one answer at most that a client reads: ten times what a server of this API gives. */
export const maxAnswerBytes: number = 64 * 1024 * 1024;

/** Blocks in one page at most. */
export const maxPageBlocks = 100;
/** Blocks in one page by default. */
export const defaultPageBlocks = 20;
