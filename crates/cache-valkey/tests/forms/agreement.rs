//! The memory fake and a real server agree, whatever is done to them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cache::contract::{Control, NOW, fresh_key};
use cache::memory::MemoryStore;
use cache::record::{Encoding, Head, Kind, Token, body_hash};
use cache::{BeginFill, CacheStore, Fill, Invalidation, Key, Version};
use cache_valkey::ValkeyConfig;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::broken::HandClock;
use crate::contract::SERVER;
use crate::controlled::{Behind, Controlled};
use crate::servers::Server;

const SEQUENCES: u32 = 300;
const KEYS: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Begin { key: usize, begin: BeginFill },
    Fill { key: usize, fill: Fill },
    Invalidate { key: usize, invalidation: Invalidation },
    Evict { key: usize },
    PutRaw { key: usize, raw: Bytes },
    Flush,
}

/// Few tokens, so that they meet.
fn token() -> impl Strategy<Value = Token> {
    (0..4_u64).prop_map(|bits| Token::from_bits(bits * 0x0123_4567_89ab_cdef))
}

/// Few versions, among them those a float cannot tell apart.
fn version() -> impl Strategy<Value = Version> {
    let two_to_the_53 = 1_u64 << 53;
    let beyond = [two_to_the_53, two_to_the_53 + 1, two_to_the_53 + 2, u64::MAX - 1, u64::MAX];
    let interesting: Vec<_> = [0, 1, 2, 3, 9, 10, 11].into_iter().chain(beyond).collect();
    prop::sample::select(interesting).prop_map(Version)
}

fn moment() -> impl Strategy<Value = u64> {
    prop::sample::select(vec![NOW, NOW + 1_999, NOW + 2_000, NOW + 4_000, 0])
}

fn begin() -> impl Strategy<Value = BeginFill> {
    (token(), moment(), any::<bool>()).prop_map(|(token, now, generational)| BeginFill {
        token,
        now,
        lease: Duration::from_secs(2),
        pending_ttl: Duration::from_secs(3_600),
        generational,
    })
}

fn fill() -> impl Strategy<Value = Fill> {
    let kind = prop::sample::select(vec![Kind::Live, Kind::Live, Kind::Absent, Kind::Uncached]);
    let encoding = prop::sample::select(vec![Encoding::Identity, Encoding::Lz4, Encoding::Unknown(b'z')]);
    let body = prop::collection::vec(any::<u8>(), 0..200);
    // A head has room for 13 digits.
    let until = prop_oneof![4 => moment(), 1 => Just(9_999_999_999_999), 1 => Just(u64::MAX)];
    (token(), kind, encoding, version(), body, until).prop_map(
        |(token, kind, encoding, version, body, fresh_until)| {
            let body = if kind == Kind::Live { Bytes::from(body) } else { Bytes::new() };
            let (body_hash, ttl) = (body_hash(&body), Duration::from_secs(3_600));
            Fill { token, kind, encoding, version, body, body_hash, fresh_until, ttl }
        },
    )
}

fn invalidation() -> impl Strategy<Value = Invalidation> {
    prop_oneof![
        3 => version().prop_map(Invalidation::UpTo),
        1 => (token(), moment()).prop_map(|(token, born)| Invalidation::Forced { token, born }),
    ]
}

/// Almost records, too.
fn raw() -> impl Strategy<Value = Bytes> {
    let pending = Head::pending(Token::from_bits(0), NOW, 0);
    let head = Head { kind: Kind::Live, floor: Version(7), version: Version(7), ..pending }.encode();
    let spoiled = (0..head.len(), any::<u8>()).prop_map(move |(place, byte)| {
        let mut raw = head.to_vec();
        raw[place] = byte;
        // Twenty digits may be more than 64 bits hold.
        if (b'2'..=b'9').contains(&byte) && (21..61).contains(&place) {
            raw[if place < 41 { 21 } else { 41 }] = byte;
        }
        if raw[2] == Kind::Live.letter() {
            raw.extend(b"body");
        }
        raw
    });
    let cut = (1..head.len()).prop_map(move |length| head[..length].to_vec());
    prop_oneof![4 => spoiled, 1 => cut].prop_map(Bytes::from)
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..KEYS;
    prop_oneof![
        8 => (key(), begin()).prop_map(|(key, begin)| Step::Begin { key, begin }),
        8 => (key(), fill()).prop_map(|(key, fill)| Step::Fill { key, fill }),
        6 => (key(), invalidation()).prop_map(|(key, invalidation)| Step::Invalidate { key, invalidation }),
        1 => key().prop_map(|key| Step::Evict { key }),
        2 => (key(), raw()).prop_map(|(key, raw)| Step::PutRaw { key, raw }),
        1 => Just(Step::Flush),
    ]
}

/// What a step answers, as text: the outcomes of different steps are of different types.
async fn take(store: &impl Control, keys: &[Key], step: &Step) -> String {
    match step {
        Step::Begin { key, begin } => format!("{:?}", store.begin_fill(&keys[*key], begin).await.unwrap()),
        Step::Fill { key, fill } => format!("{:?}", store.fill(&keys[*key], fill).await.unwrap()),
        Step::Invalidate { key, invalidation } => {
            format!("{:?}", store.invalidate(&keys[*key], invalidation).await.unwrap())
        }
        Step::Evict { key } => {
            if store.read(&keys[*key]).await.unwrap().is_some() {
                store.evict(&keys[*key]).await;
            }
            String::new()
        }
        Step::PutRaw { key, raw } => {
            store.put_raw(&keys[*key], raw.clone()).await;
            String::new()
        }
        Step::Flush => {
            store.flush().await;
            String::new()
        }
    }
}

/// What can be read: every key, and the one that was touched in the two other ways.
async fn all(store: &impl CacheStore, keys: &[Key], touched: usize) -> Vec<Option<Bytes>> {
    let many = store.read_many(keys).await;
    let mut all: Vec<_> = many.into_iter().map(Result::unwrap).collect();
    all.push(store.read(&keys[touched]).await.unwrap());
    all.push(store.read_head(&keys[touched]).await.unwrap());
    all
}

#[test]
fn memory_and_a_real_server_agree_on_every_sequence() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(SERVER.get(Server::start));
    let real = Controlled::new(ValkeyConfig::from_url(&server.url()).unwrap(), Behind::Node(server));
    let config = Config { cases: SEQUENCES, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&prop::collection::vec(step(), 1..40), |steps| {
        runtime.block_on(async {
            let memory = MemoryStore::new(Arc::new(HandClock::default()));
            let keys: Vec<Key> = (0..KEYS).map(|_| fresh_key()).collect();
            real.forget_keys();
            for (place, step) in steps.iter().enumerate() {
                let expected = take(&memory, &keys, step).await;
                prop_assert_eq!(take(&real, &keys, step).await, expected, "step {}: {:?}", place, step);
                let touched = place % KEYS;
                let expected = all(&memory, &keys, touched).await;
                prop_assert_eq!(all(&real, &keys, touched).await, expected, "step {}", place);
            }
            Ok(())
        })
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
