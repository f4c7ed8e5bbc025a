import { type Api, createApi } from "../../src/api/app.ts";
import { createMethods, type MethodOptions } from "../../src/api/methods.ts";
import type { Methods } from "../../src/api/request.ts";
import { Turns } from "../../src/api/turns.ts";
import { createExplorer } from "../../src/explorer/explorer.tsx";
import { Log } from "../../src/log.ts";
import type { ChainView, Propose } from "../../src/vm/chain-view.ts";
import type { ConfirmedChain } from "../../src/vm/confirmed-chain.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { isAcross, viewAcross } from "./across.ts";
import { places } from "./chain.ts";
import { identity } from "./identity.ts";

/** What the API sees of a chain. */
export interface View extends ChainView {
  readonly confirmed: ConfirmedChain;
  readonly propose: Propose;
}

const views = new WeakMap<Vm, View>();

/** The chain as the API sees it in this run of the tests: from the same thread, or as from another. */
export function viewOf(vm: Vm): View {
  const place = places.get(vm);
  if (!isAcross || place === undefined) return vm;
  const view = views.get(vm) ?? viewAcross(vm, place);
  views.set(vm, view);
  return view;
}

/** Ends the chain, after those who wait for it. */
export function close(vm: Vm): void {
  viewOf(vm).confirmed.close();
  vm.close();
}

/** What clients can do with a chain, as a node serves it. */
export function startApi(
  vm: Vm,
  { log = new Log(() => {}), turns = new Turns(), notice = undefined as string | undefined } = {},
): Api {
  return createApi({ ...methodOptions(vm), explorer: createExplorer(viewOf(vm), { ...identity, notice }), log, turns });
}

/** The methods alone. */
export function methodsOf(vm: Vm): Methods {
  return createMethods(methodOptions(vm));
}

function methodOptions(vm: Vm): MethodOptions {
  const view = viewOf(vm);
  return { view, propose: (batch) => view.propose(batch), identity };
}
