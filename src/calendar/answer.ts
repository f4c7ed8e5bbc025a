import type { ServerResponse } from "node:http";

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  /** Of the body. */
  readonly type?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Words for people. The stock client prints 160 characters, and only A-Z a-z 0-9 # - . , ; and spaces. */
export function plainText(status: number, text: string, headers?: Answer["headers"]): Answer {
  return { status, type: "text/plain; charset=utf-8", body: text, ...(headers && { headers }) };
}

/** Bytes for programs. */
export function octets(body: Uint8Array, headers?: Answer["headers"]): Answer {
  return { status: 200, type: "application/octet-stream", body, ...(headers && { headers }) };
}

/** Sends an answer. `isLast` closes the connection behind it. */
export function send(response: ServerResponse, { status, type, body, headers }: Answer, isLast: boolean): void {
  response.writeHead(status, {
    ...(type !== undefined && { "Content-Type": type }),
    ...(body !== undefined && { "Content-Length": Buffer.byteLength(body) }),
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
    ...(isLast && { Connection: "close" }),
    ...headers,
  });
  response.end(body);
}
