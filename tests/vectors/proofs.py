"""Makes proofs.json, with nothing but the standard library: python3 proofs.py > proofs.json

Blocks are those that timestampvm-rs made, and byte strings of which serde has said whether they are blocks. What else is
wrong or odd is made by hand.
"""

import base64
import gzip
import hashlib
import json
import pathlib

here = pathlib.Path(__file__).parent
letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def cb58(payload):
    payload += hashlib.sha256(payload).digest()[-4:]
    number, text = int.from_bytes(payload, "big"), ""
    while number > 0:
        number, digit = divmod(number, 58)
        text = letters[digit] + text
    return "1" * (len(payload) - len(payload.lstrip(b"\0"))) + text


def id_of(block):
    return cb58(hashlib.sha256(block).digest())


def fields_of(block):
    """Of a block in the form that timestampvm-rs writes, or nearly."""
    value = json.loads(block)
    return {**value, "data": bytes.fromhex(value["data"][2:])}


def name_of(block, fields):
    return {"id": id_of(block), "height": fields["height"], "timestamp": fields["timestamp"]}


def proof_of(blocks, first=None):
    """`first` are the fields of the first block, where `fields_of` cannot read it."""
    first = first or fields_of(blocks[0])
    last = first if len(blocks) == 1 else fields_of(blocks[-1])
    return {
        "version": 1,
        **name_of(blocks[0], first),
        "digest": "0x" + hashlib.sha256(first["data"]).hexdigest(),
        "to": name_of(blocks[-1], last),
        "blocks": ["0x" + block.hex() for block in blocks],
    }


def block(parent, height, timestamp, data):
    text = f'{{"parent_id":"{parent}","height":{height},"timestamp":{timestamp},"data":"0x{data.hex()}"}}'
    return text.encode()


def proof_with(old, new):
    """Of genesis with another text in place of one in its bytes."""
    changed = genesis.replace(old, new)
    assert changed != genesis
    return proof_of([changed], fields_of(genesis))


recorded = json.loads((here / "timestampvm-rs-reencoded.json").read_text())["blocks"]
chain = [gzip.decompress(base64.b64decode(one["bytes"])) for one in recorded]
assert [id_of(one) for one in chain] == [one["id"] for one in recorded]
zero = cb58(bytes(32))
genesis = block(zero, 0, 0, b"timestampvm benchmark")
assert id_of(genesis) == fields_of(chain[0])["parent_id"]
time = fields_of(chain[0])["timestamp"]

people = {
    "network": 5,
    "chain": cb58(hashlib.sha256(b"a chain").digest()),
    "genesis": id_of(genesis),
    "program": "timestampvm 0.1.0",
    "sha256": "0x" + hashlib.sha256(b"a file").hexdigest(),
    "nonce": "0x" + bytes(range(16)).hex(),
}
upper_nonce = "0x" + bytes(range(16)).hex().upper()

good = [
    ("one block", proof_of(chain[:1])),
    ("two blocks", proof_of(chain[:2])),
    ("from genesis on", proof_of([genesis, *chain[:3]])),
    ("through a block in another form", proof_of(chain)),
    ("of a block in another form", proof_of(chain[4:6])),
    ("a later time", proof_of([chain[0], block(id_of(chain[0]), 2, time + 1, b"later")])),
    ("no data", proof_of([block(id_of(chain[0]), 2, time, b"")])),
    ("members that are not known", {**proof_of(chain[:2]), "note": "for the court", "more": [{}]}),
    ("members for people", {**proof_of(chain[:2]), **people}),
    ("members for people, the nonce in upper case", {**proof_of(chain[:2]), **people, "nonce": upper_nonce}),
    ("members for people that are not in their form", {**proof_of(chain[:2]), **{name: [name] for name in people}}),
]

base = proof_of(chain[:3])
other = proof_of(chain[5:])
bad = [
    ("another version", {**base, "version": 2}),
    ("no version", {key: value for key, value in base.items() if key != "version"}),
    ("no block", {**base, "blocks": []}),
    ("no list of blocks", {**base, "blocks": "".join(base["blocks"])}),
    ("another id", {**base, "id": other["id"]}),
    ("another height", {**base, "height": 2}),
    ("another time", {**base, "timestamp": time - 1}),
    ("another digest", {**base, "digest": other["digest"]}),
    ("the digest of the block's bytes", {**base, "digest": "0x" + hashlib.sha256(chain[0]).hexdigest()}),
    ("another id at the end", {**base, "to": {**base["to"], "id": other["id"]}}),
    ("another height at the end", {**base, "to": {**base["to"], "height": 4}}),
    ("another time at the end", {**base, "to": {**base["to"], "timestamp": time + 1}}),
    ("no end", {key: value for key, value in base.items() if key != "to"}),
    ("a height that is a text", {**base, "height": "1"}),
    ("a block is left out", {**base, "blocks": [base["blocks"][0], base["blocks"][2]]}),
    ("two blocks are swapped", {**base, "blocks": [base["blocks"][i] for i in (0, 2, 1)]}),
    ("one digit of the data is changed", {**base, "blocks": [base["blocks"][0][:-6] + "31227d", *base["blocks"][1:]]}),
    ("hex without 0x", {**base, "blocks": [one[2:] for one in base["blocks"]]}),
    ("half a byte", {**base, "blocks": [*base["blocks"][:2], base["blocks"][2] + "2"]}),
    ("a height is skipped", proof_of([chain[0], block(id_of(chain[0]), 3, time, b"")])),
    ("an earlier time", proof_of([chain[0], block(id_of(chain[0]), 2, time - 1, b"")])),
    ("a version that is true", {**base, "version": True}),
    ("a height that is true", {**base, "height": True}),
    ("a space in a block's hex", {**base, "blocks": ["0x7b 22" + base["blocks"][0][6:], *base["blocks"][1:]]}),
    ("a line end behind a block's hex", {**base, "blocks": [one + "\n" for one in base["blocks"]]}),
    ("a space in the data", proof_with(b'"0x74', b'"0x 74')),
    ("a height of minus zero", proof_with(b'"height":0', b'"height":-0')),
    ("a time with a fraction", proof_with(b'"timestamp":0', b'"timestamp":0.0')),
    ("a parent with a 1 too few", proof_with(b'"11', b'"1')),
    ("a parent that is a list", proof_with(json.dumps(zero).encode(), json.dumps([*zero]).encode())),
    ("NaN in a block", proof_with(b"{", b'{"note":NaN,')),
    ("NaN", {**base, "note": float("nan")}),
    ("no child", proof_of([chain[0], block(id_of(genesis), 2, time, b"")])),
]

odd = ["canonical", "leading+trailing whitespace", "array form", "unknown field", "dup unknown key", "data upper",
       "data empty string", "data 0x0x", "height 2^53+1", "height u64max", "ts u64max"]
none = ["vertical tab ws", "BOM", "two docs", "null", "array 5", "dup known key differs", "missing parent", "height 1e0",
        "height -1", "height 01", "height string", "height u64max+1", "data nonhex", "data number", "parent bad char 0",
        "lone surrogate in unknown key"]
by_serde = {one["name"]: one for one in json.loads((here / "block-json.json").read_text())}
for name in odd:
    one = by_serde[name]
    assert one["accepted"]
    fields = {"height": int(one["height"]), "timestamp": int(one["timestamp"]), "data": bytes.fromhex(one["data"])}
    good.append((f"serde takes it: {name}", proof_of([bytes.fromhex(one["hex"])], fields)))
for name in none:
    one = by_serde[name]
    assert not one["accepted"]
    fields = {"height": 1, "timestamp": 1700000000, "data": b"{"}
    bad.append((f"serde refuses it: {name}", proof_of([bytes.fromhex(one["hex"])], fields)))

texts = [("not JSON", json.dumps(base)[:-1]), ("a list", json.dumps([base])), ("a text", json.dumps("proof"))]
vectors = [
    *({"name": name, "holds": True, "file": json.dumps(proof)} for name, proof in good),
    *({"name": name, "holds": False, "file": json.dumps(proof)} for name, proof in bad),
    *({"name": name, "holds": False, "file": text} for name, text in texts),
]
print(json.dumps(vectors, indent=1))
