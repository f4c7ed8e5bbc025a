/** What go-plugin adds to the node's own environment, which has a home directory at least (v1.4.4, client.go:524). */
export function goPluginEnvironment(protocol: number, home: string): Record<string, string> {
  return {
    HOME: home,
    VM_PLUGIN: "dynamic",
    PLUGIN_MIN_PORT: "10000",
    PLUGIN_MAX_PORT: "25000",
    PLUGIN_PROTOCOL_VERSIONS: `${protocol}`,
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0", // or it is made in the home directory, when a plugin runs from source
  };
}

/**
 * The only variable that later nodes give their plugins, beside those whose names begin with GRPC_: there an operator
 * may name the protocol, as we must, whose program is no AvalancheGo.
 */
export function runtimeEnvironment(name: string, protocol: number, runtimeAddress: string): Record<string, string> {
  return {
    AVALANCHE_VM_RUNTIME_ENGINE_ADDR: runtimeAddress,
    [`GRPC_${name.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}_PROTOCOL`]: `${protocol}`,
  };
}
