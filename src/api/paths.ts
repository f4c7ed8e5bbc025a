/** Where the API of a chain answers. A node knows no other paths of it, and none below these. */
export const apiPaths: readonly string[] = ["/rpc", "/explorer"];
