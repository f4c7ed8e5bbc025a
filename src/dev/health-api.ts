import type { Methods } from "../api/request.ts";
import { CodedError } from "../avalanche/coded-error.ts";
import type { Vm } from "../vm/vm.ts";
import { notice } from "./node-api.ts";

/** What a node replies about its health. */
export interface HealthReply {
  readonly checks: Readonly<Record<string, Check>>;
  readonly healthy: boolean;
  readonly notice: string;
}

interface Check {
  readonly message?: unknown;
  readonly error?: string;
  /** ISO 8601. */
  readonly timestamp: string;
  /** Nanoseconds. */
  readonly duration: bigint;
}

/** The three reports of `/ext/health` (avalanchego v1.14.2, api/health), each by the last part of its path. */
export type Health = Readonly<Record<"health" | "readiness" | "liveness", () => HealthReply>>;

/**
 * As at a node, a chain has a check of its health, to be ready is to be bootstrapped, and nothing needs a restart. With
 * one chain, a tag would choose nothing, and is not looked at.
 */
export function createHealth(vm: Vm, alias: string): Health {
  return {
    health: () => report({ [alias]: run(() => vm.checkHealth()) }),
    readiness: () => report({ bootstrapped: run(() => []) }), // the chains that are not
    liveness: () => report({}),
  };
}

/** The methods of `/ext/health`. */
export function createHealthMethods(health: Health): Methods {
  return new Map(Object.entries(health).map(([name, report]) => [`health.${name}`, report]));
}

function report(checks: HealthReply["checks"]): HealthReply {
  return { checks, healthy: Object.values(checks).every(({ error }) => error === undefined), notice };
}

function run(check: () => unknown): Check {
  const start = process.hrtime.bigint();
  const outcome = outcomeOf(check);
  return { ...outcome, timestamp: new Date().toISOString(), duration: process.hrtime.bigint() - start };
}

function outcomeOf(check: () => unknown): Pick<Check, "message" | "error"> {
  try {
    return { message: check() };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { error: error.message };
  }
}
