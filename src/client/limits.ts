// What the API gives in one call, as clients know it.

/** Milliseconds that a call waits at most: less than the 30 s after which a node ends it. */
export const maxWaitMs = 25_000;

/** Blocks in one page at most. */
export const maxPageBlocks = 100;
/** Blocks in one page where nobody says how many. */
export const defaultPageBlocks = 20;
