// The paths at which a chain answers clients. A node passes on no others, and none below these. They have a file of
// their own since a node needs them early, and the code that serves them takes time to load.

export const rpcPath = "/rpc";
export const explorerPath = "/explorer";
