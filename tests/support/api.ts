import { type Api, createApi } from "../../src/api/app.ts";
import { createMethods, type MethodOptions } from "../../src/api/methods.ts";
import type { Methods } from "../../src/api/request.ts";
import { Turns } from "../../src/api/turns.ts";
import { createExplorer } from "../../src/explorer/explorer.tsx";
import { Log } from "../../src/log.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { identity } from "./identity.ts";

/** What clients can do with a chain, as a node serves it. */
export function startApi(
  vm: Vm,
  { log = new Log(() => {}), turns = new Turns(), notice = undefined as string | undefined } = {},
): Api {
  return createApi({ ...methodOptions(vm), explorer: createExplorer(vm, notice), log, turns });
}

/** The methods alone. */
export function methodsOf(vm: Vm): Methods {
  return createMethods(methodOptions(vm));
}

function methodOptions(vm: Vm): MethodOptions {
  return { view: vm, propose: (batch) => vm.propose(batch), identity };
}
