// Where a chain answers clients. A node knows no other paths of it, and none below these. They stand apart from what
// serves them, since a node asks for them before it asks for a chain, and what serves them takes time to load.

export const rpcPath = "/rpc";
export const explorerPath = "/explorer";
