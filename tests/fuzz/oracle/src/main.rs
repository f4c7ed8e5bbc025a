//! Says what timestampvm-rs makes of a block: the same attributes on the same fields, read by the crates that it locks.
//!
//! Takes inputs from standard input, each behind its length (u32, big endian). Answers each with one line: the block in
//! its canonical form, or nothing when it is refused.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_with::{serde_as, DeserializeAs, SerializeAs};

#[serde_as]
#[derive(Deserialize, Serialize)]
struct Block {
    parent_id: Id,
    height: u64,
    timestamp: u64,
    #[serde_as(as = "Hex0x")]
    data: Vec<u8>,
}

fn main() -> io::Result<()> {
    let mut input = BufReader::new(io::stdin());
    let mut output = BufWriter::new(io::stdout().lock());
    loop {
        if input.buffer().is_empty() {
            output.flush()?; // whoever asked may wait for the answer before there is more to read
        }
        if input.fill_buf()?.is_empty() {
            return Ok(());
        }
        let mut length = [0; 4];
        input.read_exact(&mut length)?;
        let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
        input.read_exact(&mut bytes)?;
        if let Ok(block) = serde_json::from_slice::<Block>(&bytes) {
            serde_json::to_writer(&mut output, &block)?;
        }
        output.write_all(b"\n")?;
    }
}

const ID_BYTES: usize = 32;

/// As `avalanche_types::ids::Id`: shorter payloads are filled up with zeros. It panics where this refuses longer ones.
struct Id([u8; ID_BYTES]);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&bs58::encode(self.0).as_cb58(None).into_string())
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = Id;

    fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str("a CB58 string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Id, E> {
        let payload = bs58::decode(text.trim())
            .as_cb58(None)
            .into_vec()
            .map_err(E::custom)?;
        if payload.len() > ID_BYTES {
            return Err(E::invalid_length(payload.len(), &self));
        }
        let mut id = [0; ID_BYTES];
        id[..payload.len()].copy_from_slice(&payload);
        Ok(Id(id))
    }
}

/// As `avalanche_types::codec::serde::hex_0x_bytes::Hex0xBytes`.
struct Hex0x;

impl SerializeAs<Vec<u8>> for Hex0x {
    fn serialize_as<S: Serializer>(bytes: &Vec<u8>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("0x{}", hex::encode(bytes)))
    }
}

impl<'de> DeserializeAs<'de, Vec<u8>> for Hex0x {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        hex::decode(text.trim_start_matches("0x")).map_err(D::Error::custom)
    }
}
