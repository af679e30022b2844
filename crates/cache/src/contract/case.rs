//! What the cases are written in: a store under test, a key, the steps.

use super::*;

/// "Now" as the suite tells it to the store.
pub const NOW: u64 = 1_790_000_000_000;
pub(super) const LEASE: Duration = Duration::from_secs(2);
pub(super) const PENDING_TTL: Duration = Duration::from_secs(8);
pub(super) const TTL: Duration = Duration::from_secs(300);

/// A key nobody else uses.
pub fn fresh_key() -> Key {
    let id = Token::from_bits(fastrand::u64(..));
    Key::new("contract", "item", &id.to_string()).unwrap_or_else(|e| panic!("{e}"))
}

pub(super) fn begin_at(now: u64) -> BeginFill {
    BeginFill {
        token: Token::from_bits(fastrand::u64(..)),
        now,
        lease: LEASE,
        pending_ttl: PENDING_TTL,
        generational: false,
    }
}

pub(super) fn live(begun: &Begun, version: u64, body: &'static str) -> Fill {
    Fill {
        token: begun.head.token,
        kind: Kind::Live,
        encoding: Encoding::Identity,
        version: Version(version),
        body: Bytes::from_static(body.as_bytes()),
        body_hash: body_hash(body.as_bytes()),
        fresh_until: NOW + 60_000,
        ttl: TTL,
    }
}

pub(super) fn absent(begun: &Begun) -> Fill {
    Fill { kind: Kind::Absent, version: Version::ZERO, ..live(begun, 0, "") }
}

/// A store under test, with the steps the cases are written in.
pub struct Case<S> {
    pub(super) store: S,
    pub(super) key: Key,
}

impl<S: Control> Case<S> {
    /// A case with a key of its own.
    pub fn new(store: S) -> Self {
        Case { store, key: fresh_key() }
    }

    pub(super) async fn begin(&self, now: u64) -> Begun {
        self.store.begin_fill(&self.key, &begin_at(now)).await.unwrap()
    }

    pub(super) async fn fill(&self, fill: Fill) -> FillOutcome {
        self.store.fill(&self.key, &fill).await.unwrap()
    }

    pub(super) async fn filled(&self, version: u64, body: &'static str) -> Begun {
        let begun = self.begin(NOW).await;
        assert_eq!(self.fill(live(&begun, version, body)).await, FillOutcome::Stored);
        begun
    }

    pub(super) async fn raise(&self, version: u64) -> Invalidated {
        self.store.invalidate(&self.key, &Invalidation::UpTo(Version(version))).await.unwrap()
    }

    pub(super) async fn force(&self) -> Invalidated {
        let token = Token::from_bits(fastrand::u64(..));
        self.store.invalidate(&self.key, &Invalidation::Forced { token, born: NOW }).await.unwrap()
    }

    pub(super) async fn record(&self) -> Option<Record> {
        let raw = self.store.read(&self.key).await.unwrap()?;
        Some(Record::decode(&raw).unwrap())
    }

    pub(super) async fn verdict(&self) -> Option<Verdict> {
        self.record().await.map(|record| judge(&record.head, Version::ZERO, NOW))
    }
}
