import { newestProtocol } from "../fake-node/protocols.ts";

/** The protocol of the nodes in a run of the tests that name no other. */
export const testProtocol = Number(process.env.TEST_PROTOCOL || newestProtocol);

/** The protocol of this run, or the nearest to it: for what is only there in some. */
export function protocolWithin(since: number, until = newestProtocol): number {
  return Math.min(Math.max(testProtocol, since), until);
}
