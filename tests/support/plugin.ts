import type { BuildBlockResponse } from "../../gen/vm/vm_pb.ts";
import { Plugin as AnyPlugin } from "../fake-node/plugin.ts";

/** Our plugin, and what its clients ask of it. */
export class Plugin extends AnyPlugin {
  /** Calls a JSON-RPC method; gives its result. */
  async call(method: string, params: object = []): Promise<Record<string, unknown>> {
    const request = { jsonrpc: "2.0", id: 1, method, params };
    const { body } = await this.http.handleSimple({
      method: "POST",
      url: "/ext/bc/2VCAhX6vE3UnXC6s1CBPE6jJ4c4cHWMfPgTQrjxLLAPMdzMZ3S/rpc",
      requestHeaders: [{ key: "Content-Type", values: ["application/json"] }],
      body: new TextEncoder().encode(JSON.stringify(request)),
    });
    const { result, error } = JSON.parse(new TextDecoder().decode(body)) as {
      result?: Record<string, unknown>;
      error?: { message: string };
    };
    if (result === undefined) throw new Error(error?.message ?? "no answer");
    return result;
  }

  async propose(text: string): Promise<void> {
    await this.call("proposeBlock", [{ data: new TextEncoder().encode(text).toBase64() }]);
  }

  /** A block from proposal to preference, as the engine leads it. */
  async proposeAndVerify(text: string): Promise<BuildBlockResponse> {
    await this.propose(text);
    return this.buildAndVerify();
  }

  async proposeAndAccept(text: string): Promise<BuildBlockResponse> {
    await this.propose(text);
    return this.buildAndAccept();
  }
}
