//! What is stored under one key: a fixed 96-byte ASCII head, then the response body byte for byte.
//!
//! A hit is served without decoding the body, and `GET` in any client shows a readable head:
//!
//! | bytes | field | form |
//! |---|---|---|
//! | 0–1 | format | `t1` |
//! | 2 | kind | `P` pending, `L` live, `A` absent, `U` uncached (too large to keep) |
//! | 3 | body encoding | `-` as is, `4` LZ4 block behind its length; others are reserved |
//! | 4 | separator | space |
//! | 5–20 | token | 16 lower-case hex digits, given at the key's birth |
//! | 21–40 | floor | 20 digits, zero-padded |
//! | 41–60 | version of the body | 20 digits, zero-padded |
//! | 61–73 | fresh until; while pending, when it was born | 13 digits, milliseconds since the epoch |
//! | 74–81 | body hash (CRC-32) | 8 lower-case hex digits |
//! | 82–94 | lease deadline | 13 digits, milliseconds since the epoch; zeros: free |
//! | 95 | end of the head | newline |
//!
//! Numbers are zero-padded so that a script can compare them as strings: a Lua number loses precision above 2^53.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::clock::UnixMillis;
use crate::packing::unpack;
use crate::version::Version;

/// Length of the head in bytes.
pub const HEAD_LEN: usize = 96;
/// The format this crate reads and writes.
pub const FORMAT: &[u8; 2] = b"t1";
/// The latest time a head can hold.
const MAX_MILLIS: UnixMillis = 9_999_999_999_999;

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No body yet; somebody is loading it.
    Pending,
    /// A body.
    Live,
    /// The source has no such item.
    Absent,
    /// The source has it, but it is not kept: readers load it without waiting for each other (hit-for-miss).
    Uncached,
}

impl Kind {
    /// As it stands in the head.
    pub fn letter(self) -> u8 {
        match self {
            Kind::Pending => b'P',
            Kind::Live => b'L',
            Kind::Absent => b'A',
            Kind::Uncached => b'U',
        }
    }
}

/// How the body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it was loaded.
    Identity,
    /// One LZ4 block behind its uncompressed length (4 bytes, little-endian).
    Lz4,
    /// Written by a newer release: a miss for this one.
    Unknown(u8),
}

impl Encoding {
    /// As it stands in the head.
    pub fn letter(self) -> u8 {
        match self {
            Encoding::Identity => b'-',
            Encoding::Lz4 => b'4',
            Encoding::Unknown(other) => other,
        }
    }
}

/// Names one life of a key: a fill must show the token its load began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token([u8; 16]);

impl Token {
    /// The token spelled by these bits.
    pub fn from_bits(bits: u64) -> Token {
        let mut hex = [b'0'; 16];
        for (place, digit) in hex.iter_mut().enumerate() {
            let nibble = (bits >> (60 - 4 * place)) & 0xf;
            *digit = b"0123456789abcdef"[nibble as usize];
        }
        Token(hex)
    }

    /// Another token made of this one: for a repeat of what may have been done already, because a token that was given to a
    /// key once must not be given to it again.
    pub fn for_repeat(&self) -> Token {
        Token(self.0.map(|digit| {
            let value = char::from(digit).to_digit(16).unwrap_or_default() as usize;
            b"0123456789abcdef"[value ^ 0xa]
        }))
    }

    /// The 16 hex digits.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// The decoded head of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// What the record holds.
    pub kind: Kind,
    /// How the body is encoded.
    pub encoding: Encoding,
    /// The key's life.
    pub token: Token,
    /// The lowest version that may still be answered.
    pub floor: Version,
    /// The version of what was loaded; zero while pending or absent.
    pub version: Version,
    /// Until when the body is fresh; of a pending record, when it was born.
    pub fresh_until: UnixMillis,
    /// CRC-32 of the unencoded body.
    pub body_hash: u32,
    /// Until when the lease is taken; zero: free.
    pub lease_until: UnixMillis,
}

/// Why bytes are no head. For the engine this is a miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Fewer than [`HEAD_LEN`] bytes.
    #[error("{0} bytes are too short for a head")]
    TooShort(usize),
    /// Another format.
    #[error("the format is not t1")]
    Format,
    /// A field holds what it cannot hold.
    #[error("the field {0} is malformed")]
    Field(&'static str),
}

impl Head {
    /// A head without a body, born now: what BEGIN_FILL writes for an empty key.
    pub fn pending(token: Token, born: UnixMillis, lease_until: UnixMillis) -> Head {
        Head {
            kind: Kind::Pending,
            encoding: Encoding::Identity,
            token,
            floor: Version::ZERO,
            version: Version::ZERO,
            fresh_until: born,
            body_hash: 0,
            lease_until,
        }
    }

    /// How long the body is still fresh.
    pub fn fresh_for(&self, now: UnixMillis) -> Duration {
        Duration::from_millis(self.fresh_until.saturating_sub(now))
    }

    /// Whether two heads are of one and the same fill, whatever floor and lease say.
    pub fn is_same_fill(&self, other: &Head) -> bool {
        (self.token, self.kind, self.version, self.fresh_until, self.body_hash)
            == (other.token, other.kind, other.version, other.fresh_until, other.body_hash)
    }

    /// Whether somebody holds the lease.
    pub fn is_leased(&self, now: UnixMillis) -> bool {
        self.lease_until > now
    }

    /// The 96 bytes.
    pub fn encode(&self) -> [u8; HEAD_LEN] {
        let mut out = [0; HEAD_LEN];
        out[0..2].copy_from_slice(FORMAT);
        out[2] = self.kind.letter();
        out[3] = self.encoding.letter();
        out[4] = b' ';
        out[5..21].copy_from_slice(&self.token.0);
        put_decimal(&mut out[21..41], self.floor.0);
        put_decimal(&mut out[41..61], self.version.0);
        put_decimal(&mut out[61..74], self.fresh_until.min(MAX_MILLIS));
        out[74..82].copy_from_slice(&Token::from_bits(u64::from(self.body_hash)).0[8..]);
        put_decimal(&mut out[82..95], self.lease_until.min(MAX_MILLIS));
        out[95] = b'\n';
        out
    }

    /// Reads the first 96 bytes; what follows is the body.
    pub fn decode(bytes: &[u8]) -> Result<Head, HeadError> {
        let head = bytes.get(..HEAD_LEN).ok_or(HeadError::TooShort(bytes.len()))?;
        if &head[0..2] != FORMAT {
            return Err(HeadError::Format);
        }
        if head[4] != b' ' || head[95] != b'\n' {
            return Err(HeadError::Field("separator"));
        }
        let kind = match head[2] {
            b'P' => Kind::Pending,
            b'L' => Kind::Live,
            b'A' => Kind::Absent,
            b'U' => Kind::Uncached,
            _ => return Err(HeadError::Field("kind")),
        };
        let encoding = match head[3] {
            b'-' => Encoding::Identity,
            b'4' => Encoding::Lz4,
            other => Encoding::Unknown(other),
        };
        let hash = hex(&head[74..82]).and_then(|bits| u32::try_from(bits).ok());
        Ok(Head {
            kind,
            encoding,
            token: hex(&head[5..21]).map(Token::from_bits).ok_or(HeadError::Field("token"))?,
            floor: decimal(&head[21..41]).map(Version).ok_or(HeadError::Field("floor"))?,
            version: decimal(&head[41..61]).map(Version).ok_or(HeadError::Field("version"))?,
            fresh_until: decimal(&head[61..74]).ok_or(HeadError::Field("fresh until"))?,
            body_hash: hash.ok_or(HeadError::Field("body hash"))?,
            lease_until: decimal(&head[82..95]).ok_or(HeadError::Field("lease deadline"))?,
        })
    }
}

/// A head and the body behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The head.
    pub head: Head,
    /// The body as stored; empty unless the record is live.
    pub body: Bytes,
}

impl Record {
    /// Splits stored bytes without copying the body.
    pub fn decode(raw: &Bytes) -> Result<Record, HeadError> {
        Ok(Record { head: Head::decode(raw)?, body: raw.slice(HEAD_LEN..) })
    }

    /// The body as it was loaded: empty unless live; `None` if it cannot be read or would have more than `limit` bytes.
    pub fn loaded(&self, limit: usize) -> Option<Bytes> {
        unpack(self, limit).ok()
    }

    /// Head and body as one value.
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(HEAD_LEN + self.body.len());
        out.extend_from_slice(&self.head.encode());
        out.extend_from_slice(&self.body);
        out.into()
    }
}

/// The hash a head and an ETag carry for a body.
pub fn body_hash(body: &[u8]) -> u32 {
    crc32fast::hash(body)
}

fn put_decimal(field: &mut [u8], mut value: u64) {
    for digit in field.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

fn decimal(field: &[u8]) -> Option<u64> {
    field.iter().try_fold(0u64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

fn hex(field: &[u8]) -> Option<u64> {
    field.iter().try_fold(0u64, |bits, digit| {
        let nibble = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(bits << 4 | u64::from(nibble))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            kind: Kind::Live,
            encoding: Encoding::Identity,
            token: Token::from_bits(0x0123_4567_89ab_cdef),
            floor: Version(7),
            version: Version(u64::MAX),
            fresh_until: 1_790_000_000_123,
            body_hash: 0xdead_beef,
            lease_until: 0,
        }
    }

    #[test]
    fn the_head_is_readable_and_exactly_as_documented() {
        let text = String::from_utf8(head().encode().to_vec()).unwrap();
        let expected = concat!(
            "t1L- 0123456789abcdef",
            "00000000000000000007",
            "18446744073709551615",
            "1790000000123",
            "deadbeef",
            "0000000000000\n"
        );
        assert_eq!(text, expected);
        assert_eq!(text.len(), HEAD_LEN);
    }

    #[test]
    fn a_repeat_has_another_token() {
        let token = Token::from_bits(0x0123_4567_89ab_cdef);
        assert_eq!(token.for_repeat(), Token::from_bits(0xab89_efcd_2301_6745));
    }

    #[test]
    fn a_record_survives_encoding_byte_for_byte() {
        for kind in [Kind::Pending, Kind::Live, Kind::Absent, Kind::Uncached] {
            let record =
                Record { head: Head { kind, ..head() }, body: Bytes::from_static(b"{\"a\":1}\0\xff") };
            assert_eq!(Record::decode(&record.encode()), Ok(record));
        }
    }

    #[test]
    fn an_encoding_of_a_newer_release_is_kept_apart_from_damage() {
        let mut raw = head().encode();
        raw[3] = b'z';
        assert_eq!(Head::decode(&raw).unwrap().encoding, Encoding::Unknown(b'z'));
    }

    #[test]
    fn damage_in_any_byte_of_any_field_is_an_error_that_names_it() {
        assert_eq!(Head::decode(b"t1"), Err(HeadError::TooShort(2)));
        let fields = [(2, "kind"), (4, "separator"), (9, "token"), (21, "floor"), (60, "version")];
        let more = [(61, "fresh until"), (74, "body hash"), (94, "lease deadline"), (95, "separator")];
        for (place, field) in fields.into_iter().chain(more) {
            let mut raw = head().encode();
            raw[place] = b'!';
            assert_eq!(Head::decode(&raw), Err(HeadError::Field(field)), "byte {place}");
        }
        let mut raw = head().encode();
        raw[21..41].copy_from_slice(b"18446744073709551616");
        assert_eq!(Head::decode(&raw), Err(HeadError::Field("floor")), "more than 64 bits");
        raw[1] = b'2';
        assert_eq!(Head::decode(&raw), Err(HeadError::Format));
    }
}
