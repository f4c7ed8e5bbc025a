// A file of its own, so that the plugin need not load the API before a chain is opened.

/** Where JSON-RPC is answered. */
export const rpcPath = "/rpc";

/** Where the API of a chain answers. A node knows no other paths of it, and none below these. */
export const apiPaths: readonly string[] = [rpcPath, "/explorer"];
