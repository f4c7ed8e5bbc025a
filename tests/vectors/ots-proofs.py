"""Makes ots-proofs.json, with nothing but the standard library: python3 ots-proofs.py > ots-proofs.json

Each is the bytes of an .ots file, in hex, and the ids of the blocks of which it shows that they carry the file's
digest; null if it is no .ots file. The parts are put together by hand: no reader, and no writer that anybody else uses.
"""

import hashlib
import json

letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
magic = bytes.fromhex("004f70656e54696d657374616d7073000050726f6f6600bf89e2e884e89294")
chain = bytes(range(32))


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def cb58(payload):
    payload += sha256(payload)[-4:]
    number, text = int.from_bytes(payload, "big"), ""
    while number > 0:
        number, digit = divmod(number, 58)
        text = letters[digit] + text
    return "1" * (len(payload) - len(payload.lstrip(b"\0"))) + text


def id_of(block):
    return cb58(sha256(block))


def number(value, least=1):
    digits = [value & 127]
    while value > 127 or len(digits) < least:
        value >>= 7
        digits.append(value & 127)
    return bytes([digit | 128 for digit in digits[:-1]] + digits[-1:])


def sized(content):
    return number(len(content)) + content


def block_with(data, height=2):
    parent = cb58(sha256(b"parent"))
    return f'{{"parent_id":"{parent}","height":{height},"timestamp":1700000000,"data":"0x{data.hex()}"}}'.encode()


def payload_of(block, form=number(1), network=number(12345), length=None):
    return form + network + chain + (number(len(block)) if length is None else length) + block


def attest(payload, tag="7fcc294a79166871"):
    return b"\x00" + bytes.fromhex(tag) + sized(payload)


def append(content):
    return b"\xf0" + sized(content)


def prepend(content):
    return b"\xf1" + sized(content)


def fork(*parts):
    return b"".join(b"\xff" + part for part in parts[:-1]) + parts[-1]


def ots(timestamp, of=None, kind=b"\x08", version=number(1)):
    return magic + version + kind + (digest if of is None else of) + timestamp


digest = sha256(b"report\n")
hash_ = b"\x08"
block = block_with(digest)
end = hash_ + hash_ + attest(payload_of(block))
pending = attest(sized(b"https://calendar.example.org"), "83dfe30d2ef90c8e")
bitcoin = attest(number(800000), "0588960d73d71901")
nonce = bytes(range(16))
leaf, left, right = sha256(digest, nonce), sha256(b"left"), sha256(b"right")
root_block = block_with(sha256(left, sha256(leaf, right)))
whole = ots(end)

vectors = []


def add(name, file, *blocks):
    vectors.append({"name": name, "file": file.hex(), "blocks": sorted(id_of(block) for block in blocks)})


def add_none(name, file):
    vectors.append({"name": name, "file": file.hex(), "blocks": None})


def add_payload(name, payload):
    add(name, ots(hash_ + hash_ + attest(payload)))


add("a file's digest in a block", whole, block)
add("a file itself in a block", ots(hash_ + attest(payload_of(block_with(b"report\n")))), block_with(b"report\n"))
salted = block_with(leaf)
add("a salted digest", ots(append(nonce) + hash_ + hash_ + hash_ + attest(payload_of(salted))), salted)
path = append(nonce) + hash_ + append(right) + hash_ + prepend(left) + hash_
add("a file in a tree", ots(path + hash_ + hash_ + attest(payload_of(root_block))), root_block)
both = fork(hash_ + attest(payload_of(block)), append(b"tag") + pending)
add("with the promise of a calendar", ots(hash_ + both), block)
both = fork(bitcoin, attest(payload_of(block)))
add("with an attestation of Bitcoin on the same message", ots(hash_ + hash_ + both), block)
higher = block_with(digest, 3)
add("two blocks", ots(hash_ + hash_ + fork(attest(payload_of(block)), attest(payload_of(higher)))), block, higher)
add("a good block beside one that carries something else", ots(fork(end, hash_ + attest(payload_of(block)))), block)
add("no network", ots(hash_ + hash_ + attest(payload_of(block, network=number(0)))), block)
add("the largest network", ots(hash_ + hash_ + attest(payload_of(block, network=number(2**32 - 1)))), block)
add("a long version, which others may write", ots(end, version=number(1, 3)), block)
long = attest(b"")[:9] + number(len(payload_of(block)), 4) + payload_of(block)
add("a long length of the attestation", ots(hash_ + hash_ + long), block)
spaced = block.replace(b",", b", ")
add("a block in another form, with another id", ots(hash_ + hash_ + attest(payload_of(spaced))), spaced)

add("no block, only a promise", ots(pending))
add("a block of another digest", ots(end, of=sha256(b"other\n")))
add("a block at the digest itself", ots(attest(payload_of(block))))
add("a block one hash too high", ots(hash_ + attest(payload_of(block))))
add("a block one hash too low", ots(hash_ + end))
add("another tag", ots(hash_ + hash_ + attest(payload_of(block), "7fcc294a79166872")))
add("a block below reverse, twice", ots(b"\xf2\xf2" + end))
add("a block below hexlify", ots(b"\xf3" + hash_ + hash_ + attest(payload_of(block_with(digest.hex().encode())))))
add("a block below SHA-1", ots(b"\x02" + hash_ + hash_ + attest(payload_of(block_with(hashlib.sha1(digest).digest())))))
short = hashlib.sha1(b"report\n").digest()
add("a file that is hashed by SHA-1", ots(hash_ + hash_ + attest(payload_of(block_with(short))), short, b"\x02"))
add("a file that is hashed by Keccak-256", ots(end, kind=b"\x67"))
add("a file that is hashed by RIPEMD-160", ots(hash_ + hash_ + attest(payload_of(block_with(short))), short, b"\x03"))
invented = block_with(digest)
carrier = block_with(invented)
add("an invented block in a block: nothing leads from the file to it", ots(hash_ + attest(payload_of(carrier))))
add("the invented block itself, as a file", ots(hash_ + attest(payload_of(carrier)), of=sha256(invented)), carrier)

add_payload("form 0", payload_of(block, form=number(0)))
add_payload("form 2, of a newer program", payload_of(block, form=number(2)))
add_payload("a long form", payload_of(block, form=number(1, 2)))
add_payload("a long network", payload_of(block, network=number(5, 2)))
add_payload("a network of 33 bits", payload_of(block, network=number(2**32)))
add_payload("a network of 65 bits", payload_of(block, network=number(2**64)))
add_payload("a long length", payload_of(block, length=number(len(block), 3)))
add_payload("a length one too large", payload_of(block, length=number(len(block) + 1)))
add_payload("a length one too small", payload_of(block, length=number(len(block) - 1)))
add_payload("no length", payload_of(block, length=b""))
add_payload("a length of 64 bits", payload_of(block, length=number(2**64 - 1)))
add_payload("something behind the block", payload_of(block) + b"\x00")
add_payload("no payload", b"")
add_payload("a chain that is cut", payload_of(block)[:20])
add_payload("what is no block", payload_of(b"{}"))
add_payload("a block without a number", payload_of(block.replace(b'"height":2', b'"height":"2"')))

add_none("nothing", b"")
add_none("cut", whole[:-1])
add_none("something behind", whole + b"\x00")
add_none("version 2", ots(end, version=number(2)))
add_none("another first byte", b"\x01" + whole[1:])
add_none("an unknown operation", ots(b"\x09" + end))
add_none("a fork of a fork", ots(b"\xff" + fork(end, end)))
add_none("nothing to append", ots(b"\xf0\x00" + end))
add_none("a message of 4,097 bytes", ots(append(bytes(4065)) + end))
add_none("256 operations", ots(hash_ * 254 + end))
add_none("a payload of 8,193 bytes", ots(attest(bytes(8193), "0000000000000000")))
add_none("an address with a space", ots(attest(sized(b"a b"), "83dfe30d2ef90c8e")))
add_none("something behind a height", ots(attest(number(1) + b"\x00", "0588960d73d71901")))

print(json.dumps(vectors, indent=1))
