//! Bodies as the store keeps them: as they are, or compressed where that pays.
//!
//! The head says which. A release that does not know an encoding takes the record for a miss and loads, so that releases
//! may be mixed.

use bytes::Bytes;

use crate::record::{Encoding, Kind, Record, body_hash};

/// A body as it is stored, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packed {
    pub(crate) encoding: Encoding,
    pub(crate) body: Bytes,
}

/// Why stored bytes give no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unpackable;

/// Compresses bodies of `from` bytes and more, and keeps the result only if it saves an eighth.
pub(crate) fn pack(body: &Bytes, from: usize) -> Packed {
    if body.len() >= from {
        let compressed = lz4_flex::block::compress_prepend_size(body);
        if compressed.len() <= body.len() - body.len() / 8 {
            return Packed { encoding: Encoding::Lz4, body: compressed.into() };
        }
    }
    Packed { encoding: Encoding::Identity, body: body.clone() }
}

/// The body as it was loaded. A compressed one is checked against its hash, and never grows beyond `limit` bytes.
pub(crate) fn unpack(record: &Record, limit: usize) -> Result<Bytes, Unpackable> {
    match record.head.encoding {
        _ if record.head.kind != Kind::Live => Ok(Bytes::new()),
        Encoding::Identity => Ok(record.body.clone()),
        Encoding::Unknown(_) => Err(Unpackable),
        Encoding::Lz4 => {
            let (size, block) = lz4_flex::block::uncompressed_size(&record.body).map_err(|_| Unpackable)?;
            if size > limit {
                return Err(Unpackable);
            }
            let body = lz4_flex::block::decompress(block, size).map_err(|_| Unpackable)?;
            if body.len() == size && body_hash(&body) == record.head.body_hash {
                Ok(body.into())
            } else {
                Err(Unpackable)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Head, Token};

    const LIMIT: usize = 1 << 20;

    fn stored(body: &Bytes, from: usize) -> Record {
        let packed = pack(body, from);
        let pending = Head::pending(Token::from_bits(1), 0, 0);
        let head =
            Head { kind: Kind::Live, encoding: packed.encoding, body_hash: body_hash(body), ..pending };
        Record { head, body: packed.body }
    }

    fn catalogue() -> Bytes {
        (0..200).map(|n| format!("{{\"id\":\"p-{n}\",\"name\":\"Boot {n}\"}}")).collect::<String>().into()
    }

    #[test]
    fn a_body_survives_and_is_smaller_from_the_threshold_on() {
        let body = catalogue();
        let record = stored(&body, body.len());
        assert_eq!(record.head.encoding, Encoding::Lz4);
        assert!(record.body.len() < body.len() / 2, "{} of {}", record.body.len(), body.len());
        assert_eq!(unpack(&record, LIMIT), Ok(body.clone()));
        assert_eq!(stored(&body, body.len() + 1).head.encoding, Encoding::Identity);
    }

    #[test]
    fn what_does_not_shrink_is_kept_as_it_is() {
        let mut rng = fastrand::Rng::with_seed(7);
        let noise: Bytes = std::iter::repeat_with(|| rng.u8(..)).take(10_000).collect();
        let record = stored(&noise, 0);
        assert_eq!((record.head.encoding, &record.body), (Encoding::Identity, &noise));
    }

    #[test]
    fn damage_in_a_compressed_body_never_gives_another_body() {
        let body = catalogue();
        let whole = stored(&body, 0);
        let mut noticed = 0;
        for place in 0..whole.body.len() {
            let mut bytes = whole.body.to_vec();
            bytes[place] ^= 0x20;
            // Some damage does none: a copy from elsewhere of the very same bytes.
            match unpack(&Record { body: bytes.into(), ..whole.clone() }, LIMIT) {
                Ok(unpacked) => assert!(unpacked == body, "byte {place}"),
                Err(Unpackable) => noticed += 1,
            }
        }
        assert!(noticed > whole.body.len() / 2, "{noticed}");
        let short = Record { body: whole.body.slice(..3), ..whole };
        assert_eq!(unpack(&short, LIMIT), Err(Unpackable));
    }

    #[test]
    fn a_body_that_claims_to_be_huge_is_not_unpacked() {
        let mut record = stored(&catalogue(), 0);
        assert_eq!(unpack(&record, 100), Err(Unpackable), "beyond the limit");
        let mut bytes = record.body.to_vec();
        bytes[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        record.body = bytes.into();
        assert_eq!(unpack(&record, LIMIT), Err(Unpackable));
    }

    #[test]
    fn an_encoding_of_a_newer_release_is_not_guessed() {
        let mut record = stored(&catalogue(), usize::MAX);
        record.head.encoding = Encoding::Unknown(b'z');
        assert_eq!(unpack(&record, LIMIT), Err(Unpackable));
    }
}
