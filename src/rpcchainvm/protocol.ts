/** The RPCChainVM protocol we speak: the one of AvalancheGo v1.14.2 (version/constants.go). */
export const protocolVersion = 45;
