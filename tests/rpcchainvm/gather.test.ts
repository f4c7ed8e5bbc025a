import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { Log } from "../../src/log.ts";
import type { Session } from "../../src/rpcchainvm/session.ts";
import { createVmService } from "../../src/rpcchainvm/vm-service.ts";
import { startVm } from "../support/chain.ts";

test("Gather answers OK, with nothing, where the VM cannot say how it is: an error would cost all chains theirs", () => {
  const logged: string[] = [];
  const { vm } = startVm();
  vm.close();
  expect(() => vm.status()).toThrow();
  const service = createVmService({
    session: { vmIfOpen: vm } as unknown as Session,
    log: new Log((line) => logged.push(line)),
    version: "0.1.0",
    httpAddress: "",
  });
  const call = { signal: new AbortController().signal };
  expect(service.gather(create(EmptySchema), call)).toEqual({});
  expect(logged).toEqual([expect.stringContaining('"event":"metrics not gathered"')]);
});
