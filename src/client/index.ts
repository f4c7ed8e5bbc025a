// What the package exports as `timestampvm/client`: asking a chain over its API. Runs in browsers, Bun and Node.js.

export { type Digest, digestFromBytes, digestOf } from "../core/digest.ts";
export { parseDigest } from "../core/digest-text.ts";
export { formatExactJson, parseExactJson } from "../core/exact-json.ts";
export { maxDataBytes } from "../core/proposal.ts";
export { AnswerError, type AnswerRefusal } from "./answer-error.ts";
export { checkAnswers } from "./check-answers.ts";
export { type CallApi, createClient } from "./client.ts";
export {
  fetchBlock,
  fetchCarriers,
  fetchServedChain,
  NotServing,
  type ServedChain,
  type StampSummary,
} from "./confirmed-block.ts";
export { type MethodName, maxPageBytes, type ParamsOf, type ResultOf } from "./contract.ts";
export { type ApiErrorCode, type ApiRefusal, refusalOf } from "./errors.ts";
export {
  type FetchOptions,
  FetchProofError,
  type FetchRefusal,
  fetchProof,
  type Proof,
  type ProofSubject,
} from "./fetch-proof.ts";
export { maxPageBlocks, maxWaitMs } from "./limits.ts";
export { type NoAnswer, NoAnswerError } from "./no-answer.ts";
export { RpcError, rpcCodes } from "./rpc-error.ts";
export { type Clock, type ReceiptWait, systemClock, waitForReceipt } from "./waiting.ts";
