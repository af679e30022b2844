//! Many records at once, and bodies as a catalogue has them.

use bytes::Bytes;
use cache::record::body_hash;
use cache::{Encoding, Head, Key, Kind, Record, Token, Version};
use redis::aio::MultiplexedConnection;

use crate::clock::unix_ms;

/// The token of every record that is made here.
pub const TOKEN: u64 = 0x7469_6465_6d61_726b;
/// How long what is put into a store lives, in milliseconds: longer than any measurement.
pub const LIFE_MS: u64 = 86_400_000;
/// How many records one script writes: the server answers nobody else meanwhile.
const AT_ONCE: usize = 50_000;

/// What stands before and after the twelve digits of a record's number in its key.
pub const KEY: (&str, &str) = ("tidemark.1:{product:item-", "}");

/// The key of a record by its number.
pub fn key(number: usize) -> Result<Key, String> {
    Key::new("tidemark.1", "product", &format!("item-{number:012}")).map_err(|error| error.to_string())
}

/// JSON of so many bytes, always the same: a list as a catalogue has it, which packs as such lists do.
pub fn body(bytes: usize) -> Bytes {
    const WORDS: [&str; 7] =
        ["waterproof", "light", "for winter", "handmade", "recycled", "with laces", "classic"];
    let mut rng = fastrand::Rng::with_seed(7);
    let mut body = String::from("{\"items\":[");
    while body.len() < bytes {
        let (id, price) = (rng.u32(..100_000), rng.u32(500..50_000));
        let text: Vec<_> = (0..6).map(|_| WORDS[rng.usize(..WORDS.len())]).collect();
        let text = text.join(", ");
        body.push_str(&format!(
            "{{\"id\":\"boots-{id}\",\"price_cents\":{price},\"currency\":\"EUR\",\"description\":\"{text}\"}},"
        ));
    }
    body.truncate(bytes);
    body.into()
}

/// A live record with this body, fresh for [`LIFE_MS`].
pub fn live(body: Bytes) -> Bytes {
    let head = Head {
        kind: Kind::Live,
        encoding: Encoding::Identity,
        version: Version(1),
        fresh_until: unix_ms() + LIFE_MS,
        body_hash: body_hash(&body),
        ..pending()
    };
    Record { head, body }.encode()
}

/// The head of a key whose load has been announced, its lease free.
pub fn pending() -> Head {
    Head::pending(Token::from_bits(TOKEN), unix_ms(), 0)
}

/// Puts one value under so many keys, from number 0 on. The server does it by itself: nothing travels but the value.
pub async fn fill(server: &mut MultiplexedConnection, count: usize, value: &[u8]) -> Result<(), String> {
    let script = redis::Script::new(
        "for number = tonumber(ARGV[1]), tonumber(ARGV[2]) do
           redis.call('SET', ARGV[3] .. string.format('%012d', number) .. ARGV[4], ARGV[5], 'PX', ARGV[6])
         end",
    );
    for first in (0..count).step_by(AT_ONCE) {
        let last = count.min(first + AT_ONCE) - 1;
        let mut filled = script.arg(first);
        filled.arg(last).arg(KEY.0).arg(KEY.1).arg(value).arg(LIFE_MS);
        filled.invoke_async::<()>(server).await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_the_engine_can_read_under_a_key_it_would_use() {
        let raw = live(body(1_000));
        let record = Record::decode(&raw).unwrap();
        assert_eq!(record.loaded(1 << 20).unwrap(), body(1_000));
        assert_eq!((raw.len(), record.head.kind), (1_096, Kind::Live));
        assert_eq!(key(7).unwrap().as_str(), format!("{}000000000007{}", KEY.0, KEY.1));
    }
}
