"""Reads .ots files with the stock library and writes them again: one in hex a line, and one in hex back.

A number in place of a file asks for a random one, which the library makes: that number is the seed.
"""

import io
import random
import sys

from opentimestamps.core.notary import (
    BitcoinBlockHeaderAttestation,
    LitecoinBlockHeaderAttestation,
    PendingAttestation,
    UnknownAttestation,
)
from opentimestamps.core.op import (
    OpAppend,
    OpHexlify,
    OpKECCAK256,
    OpPrepend,
    OpReverse,
    OpRIPEMD160,
    OpSHA1,
    OpSHA256,
)
from opentimestamps.core.serialize import StreamDeserializationContext, StreamSerializationContext
from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp


def main():
    for line in sys.stdin:
        word = line.strip()
        file = create(random.Random(int(word))) if word.isdecimal() and len(word) < 20 else read(bytes.fromhex(word))
        print(write(file).hex(), flush=True)


def read(data):
    return DetachedTimestampFile.deserialize(StreamDeserializationContext(io.BytesIO(data)))


def write(file):
    stream = io.BytesIO()
    file.serialize(StreamSerializationContext(stream))
    return stream.getvalue()


def create(chance):
    file_hash = chance.choice([OpSHA1, OpRIPEMD160, OpSHA256])()
    timestamp = Timestamp(chance.randbytes(file_hash.DIGEST_LENGTH))
    fill(timestamp, chance, 0)
    return DetachedTimestampFile(file_hash, timestamp)


def fill(timestamp, chance, depth):
    branches = chance.randint(0, 3) if depth < 6 and len(timestamp.msg) < 1000 else 0
    for _ in range(branches):
        fill(timestamp.ops.add(create_op(chance)), chance, depth + 1)
    for _ in range(chance.randint(0 if timestamp.ops else 1, 3)):
        timestamp.attestations.add(create_attestation(chance))


def create_op(chance):
    kind = chance.choice([OpAppend, OpPrepend, OpHexlify, OpKECCAK256, OpReverse, OpRIPEMD160, OpSHA1, OpSHA256])
    return kind(chance.randbytes(chance.randint(1, 300))) if kind in (OpAppend, OpPrepend) else kind()


def create_attestation(chance):
    height = chance.getrandbits(chance.randint(1, 64))
    return chance.choice([
        BitcoinBlockHeaderAttestation(height),
        LitecoinBlockHeaderAttestation(height),
        PendingAttestation("https://calendar.example/" + str(chance.randint(0, 9))),
        UnknownAttestation(chance.randbytes(8), chance.randbytes(chance.randint(0, 300))),
    ])


main()
