import { join } from "node:path";
import { blocksIn, someDigests } from "../../calendar/answers.ts";
import { Lines } from "../../fake-node/lines.ts";
import { CalendarProcess } from "../../support/calendar-process.ts";
import { DevProcess } from "../../support/dev-process.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { median, quantile, type Row } from "../support/figures.ts";

// How many digests a second a calendar answers, in front of a development chain on disk, and how long clients wait.

const connections = 256;
const seconds = 5;
/** Of so many answers, one is checked: the path must hold. */
const checkedOf = 100;

export async function measureCalendar(): Promise<Row[]> {
  using directory = temporaryDirectory();
  await using dev = new DevProcess(["--data-dir", directory.file("chain")]);
  await using calendar = new CalendarProcess(await dev.rpc(), "--rate", "9999999");
  const port = Number(new URL(await calendar.url()).port);
  await load(port, true); // warms up
  const digests = await load(port, true);
  const constants = await loadConstants();
  return [
    { name: `digests at a calendar, ${connections} connections`, value: digests.length / seconds, unit: "/s" },
    { name: "the same, p50", value: median(digests), unit: "ms" },
    { name: "the same, p99", value: quantile(digests, 0.99), unit: "ms" },
    { name: "answers of a server that does nothing", value: constants.length / seconds, unit: "/s" },
  ];
}

async function loadConstants(): Promise<number[]> {
  const program = join(import.meta.dir, "../support/constant-server.ts");
  const child = Bun.spawn([process.execPath, program], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const line = await new Lines(child.stdout).waitForText(/^port /);
    return await load(Number(line.split(" ")[1]), false);
  } finally {
    child.kill();
  }
}

const head = "POST /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 32\r\n\r\n";

/** Sends digests, each connection the next one as soon as it is answered. Gives the milliseconds of each. */
async function load(port: number, isChecked: boolean): Promise<number[]> {
  const times: number[] = [];
  const untilMs = performance.now() + seconds * 1000;
  const client = () =>
    new Promise<void>((resolve, reject) => {
      let [digest = new Uint8Array()] = someDigests(1);
      let sentMs = 0;
      let received = Buffer.alloc(0);
      const send = (socket: { write(bytes: Uint8Array): unknown }) => {
        [digest = new Uint8Array()] = someDigests(1);
        sentMs = performance.now();
        socket.write(Buffer.concat([Buffer.from(head), digest]));
      };
      void Bun.connect({
        hostname: "127.0.0.1",
        port,
        socket: {
          open: send,
          close: () => resolve(),
          data: (socket, bytes) => {
            received = Buffer.concat([received, bytes]);
            const body = bodyOf(received);
            if (body === undefined) return;
            received = Buffer.alloc(0);
            times.push(performance.now() - sentMs);
            const isWrong = isChecked && times.length % checkedOf === 0 && blocksIn(digest, body).length !== 1;
            if (isWrong) reject(new Error("an answer without its block"));
            if (performance.now() < untilMs) send(socket);
            else socket.end();
          },
        },
      }).catch(reject);
    });
  await Promise.all(Array.from({ length: connections }, client));
  return times;
}

/** Undefined as long as it is not there. Throws for another status than 200. */
function bodyOf(response: Buffer): Uint8Array | undefined {
  const end = response.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const text = response.toString("latin1", 0, end);
  if (!text.startsWith("HTTP/1.1 200")) throw new Error(text);
  const [, length = ""] = /^content-length: (\d+)$/im.exec(text) ?? [];
  const body = response.subarray(end + 4);
  return body.length < Number(length) ? undefined : body;
}
