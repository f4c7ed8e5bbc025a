import { describe, expect, test } from "bun:test";
import { createClient } from "../../src/client/client.ts";
import { endpointOf, hideSecrets } from "../../src/client/endpoint.ts";

describe("a URL is shown without its secrets:", () => {
  test.each([
    ["http://h:1/ext/bc/c/rpc", "http://h:1/ext/bc/c/rpc"],
    ["http://bob:s3cret@h:1/rpc", "http://bob:***@h:1/rpc"],
    ["http://bob:@h/rpc", "http://bob:***@h/rpc"],
    ["https://t0ken@h/rpc", "https://***@h/rpc"],
    ["http://:s3cret@h", "http://:***@h"],
    ["http://bob:s3@cret@h", "http://bob:***@h"],
    ["http://bob:s3/cret@h", "http://bob:***@h"],
    ["bob:s3cret@h:1", "bob:***@h:1"],
    ["ftp://bob:s3cret@h", "ftp://bob:***@h"],
    ["https://h/rpc?apikey=s3cret&x=1", "https://h/rpc?***"],
    ["https://h/rpc?s3cret", "https://h/rpc?***"],
    ["https://h/rpc#s3cret", "https://h/rpc"],
    ["http://ann:s3cret#1@h:1/", "http://***"],
    ["http://ann:12345#6@h:1/rpc?key=s3cret", "http://***"],
    ["http://s3?cret@h:1", "http://***"],
    ["http://ann:s3?\ncret@h", "http://***"],
    ["ann:s3cret#1@h:1", "***"],
    ["", ""],
  ])("%s", (url, shown) => {
    expect(hideSecrets(url)).toBe(shown);
  });
});

test("a password goes into a header, as RFC 7617 has it", () => {
  // Its own examples, 2 and 2.1.
  const { url, headers } = endpointOf("http://Aladdin:open%20sesame@h/rpc");
  expect([url, headers]).toEqual(["http://h/rpc", { Authorization: "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" }]);
  expect(endpointOf("http://test:123%C2%A3@h/").headers).toEqual({ Authorization: "Basic dGVzdDoxMjPCow==" });
  expect(endpointOf("http://50%25:%zz@h/").headers).toEqual({ Authorization: `Basic ${btoa("50%:%zz")}` });
});

test("a client sends it, and no error names it", async () => {
  const seen: (string | null)[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) => {
      seen.push(request.headers.get("authorization"));
      return new Response("no", { status: 401 });
    },
  });
  const address = `bob:s3cret@127.0.0.1:${server.port}/rpc?key=s3cret`;
  const failure = (url: string) => createClient(url)("getStatus", {}).then(undefined, (error) => error.message);
  try {
    expect(await failure(`http://${address}`)).toBe(
      `http://bob:***@127.0.0.1:${server.port}/rpc?*** answers HTTP 401: no`,
    );
    expect(await failure(`https://${address}`)).not.toContain("s3cret");
    expect(await failure("http://bob:s3cret@[bad/rpc?key=s3cret")).not.toContain("s3cret");
    expect(seen).toEqual([`Basic ${btoa("bob:s3cret")}`]);
  } finally {
    await server.stop(true);
  }
});
