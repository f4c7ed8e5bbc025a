import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Id, idFromBytes, idToBytes, parseId, zeroId } from "../../src/avalanche/id.ts";
import { sha256 } from "../../src/avalanche/sha256.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const anyIdBytes = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
  fc.constantFrom(new Uint8Array(32), new Uint8Array(32).fill(255)),
  fc.nat(31).map((zeros) => new Uint8Array(32).fill(7).fill(0, 0, zeros)),
);

describe("an id", () => {
  test("of zeros is the one that AvalancheGo shows", () => {
    expect(zeroId as string).toBe("11111111111111111111111111111111LpoYY");
  });

  test("is the CB58 text of its bytes", () => {
    const bytes = Uint8Array.fromHex("4267320d6c6a723c198d41d4a380b908fa8258e4a10cb21bcc5ec30ff0ffdc93");
    expect(idFromBytes(bytes) as string).toBe("WFBLfMkNe3gTQ7Vzy3Zo5vBpQD6vq4ebZRRtgt2pVgZxARELB");
  });

  test("goes to text and back", () => {
    fc.assert(
      fc.property(anyIdBytes, (bytes) => {
        const id = idFromBytes(bytes);
        expect(idToBytes(id)).toEqual(bytes);
        expect(parseId(id)).toBe(id);
        expect(id.length).toBeLessThanOrEqual(50);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([0, 31, 33, 64])("of %i bytes is refused", (length) => {
    expect(refusalOf(() => idFromBytes(new Uint8Array(length)))).toEqual({
      code: "malformed id",
      problem: `${length} bytes instead of 32`,
    });
  });
});

describe("id text", () => {
  test("with one changed character is refused", () => {
    fc.assert(
      fc.property(anyIdBytes, fc.nat(), fc.integer({ min: 1, max: 57 }), (bytes, at, shift) => {
        const text = idFromBytes(bytes);
        const i = at % text.length;
        const digit = alphabet[(alphabet.indexOf(text.charAt(i)) + shift) % alphabet.length];
        const changed = `${text.slice(0, i)}${digit}${text.slice(i + 1)}`;
        expect(changed).not.toBe(text);
        expect(refusalCodeOf(() => parseId(changed))).toBe("malformed id");
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(["0", "O", "I", "l", "+", "é", "\0", " "])("with %j inside is refused", (stranger) => {
    const text = `${zeroId.slice(0, 9)}${stranger}${zeroId.slice(10)}`;
    expect(refusalOf(() => parseId(text))).toEqual({ code: "malformed id", problem: "not base58" });
  });

  test.each([
    ["empty", ""],
    ["white space", " \t\n"],
    ["one digit", "1"],
    ["three bytes", "1111".slice(1)],
    ["no text of CB58", "timestampvm"],
  ])("%s is refused", (_name, text) => {
    expect(refusalCodeOf(() => parseId(text))).toBe("malformed id");
  });

  test("of 50 characters is read, of 51 is refused unread", () => {
    const longest = idFromBytes(new Uint8Array(32).fill(255));
    expect(longest.length).toBe(50);
    expect(parseId(longest)).toBe(longest);
    for (const tooLong of [`${longest}1`, "z".repeat(2_000_000)]) {
      expect(refusalOf(() => parseId(tooLong))).toEqual({ code: "malformed id", problem: "longer than 50 characters" });
    }
  });
});

describe("id text as timestampvm-rs reads it", () => {
  test("is trimmed as Rust trims: U+0085 is white space, U+FEFF is not", () => {
    for (const white of [
      " ",
      "\t",
      "\n",
      "\v",
      "\f",
      "\r",
      "\u0085",
      "\u00a0",
      "\u1680",
      "\u2003",
      "\u2028",
      "\u3000",
    ]) {
      expect(parseId(`${white}${zeroId}${white}`)).toBe(zeroId);
    }
    for (const other of ["\ufeff", "\u180e", "\u200b", "\0"]) {
      expect(refusalCodeOf(() => parseId(`${other}${zeroId}`))).toBe("malformed id");
    }
  });

  test("of fewer than 32 bytes is filled up with zeros on the right", () => {
    const payload = Uint8Array.of(1);
    const wanted = new Uint8Array(32);
    wanted.set(payload);
    expect(idToBytes(parseId(cb58(payload)))).toEqual(wanted);
    expect(parseId(cb58(new Uint8Array()))).toBe(zeroId);
  });

  test("of 33 bytes with a right checksum is refused", () => {
    expect(refusalOf(() => parseId(cb58(new Uint8Array(33))))).toEqual({
      code: "malformed id",
      problem: "33 bytes instead of 32",
    });
  });
});

/** CB58, spelled out with big integers. */
function cb58(payload: Uint8Array): Id {
  const bytes = [...payload, ...sha256(payload).slice(-4)];
  let number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let text = "";
  for (; number > 0n; number /= 58n) text = `${alphabet[Number(number % 58n)]}${text}`;
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return `${"1".repeat(zeros)}${text}` as Id;
}
