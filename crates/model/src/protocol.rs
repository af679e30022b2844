//! The operations on a record, joining and L1, as they are and as they must not be.
//!
//! Each function is one atomic step of the store or one decision of a process. Nothing in here sees a ghost: not the
//! sequence number of a content, not what was acknowledged.

use std::fmt;

use crate::state::{Begun, Change, Content, Held, Kind, Record, State, Token};

/// The protocol, or one way to break it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// As it is.
    Sound,
    /// An invalidation deletes the key; a fill sets it.
    PlainDelete,
    /// A fill shows no token; the key must exist and its floor must allow the version.
    FloorWithoutToken,
    /// A load may return any earlier content.
    EventualLoads,
    /// Instead of a token the record keeps the time it was last told of a change; a fill must have begun after it.
    /// The clock is perfect, and a change told to an empty key is written down.
    ClockFence,
    /// Any running load may be joined.
    JoinAny,
    /// A running load may be joined if its floor is high enough, whatever its token.
    JoinByFloor,
    /// A created row raises the floor instead of forcing, and the fill of an absence shows no token.
    AbsentByFloor,
    /// A created row raises the floor instead of forcing; the rest is as it should be. Breaks where a row may be
    /// created without a version.
    CreateRaisesFloor,
    /// L1 answers when the store has no head to compare with.
    L1WithoutHead,
}

impl Variant {
    /// Every way to break it.
    pub const BROKEN: [Variant; 9] = [
        Variant::PlainDelete,
        Variant::FloorWithoutToken,
        Variant::EventualLoads,
        Variant::ClockFence,
        Variant::JoinAny,
        Variant::JoinByFloor,
        Variant::AbsentByFloor,
        Variant::CreateRaisesFloor,
        Variant::L1WithoutHead,
    ];

    /// As it is spelled on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Variant::Sound => "sound",
            Variant::PlainDelete => "plain-delete",
            Variant::FloorWithoutToken => "floor-without-token",
            Variant::EventualLoads => "eventual-loads",
            Variant::ClockFence => "clock-fence",
            Variant::JoinAny => "join-any",
            Variant::JoinByFloor => "join-by-floor",
            Variant::AbsentByFloor => "absent-by-floor",
            Variant::CreateRaisesFloor => "create-raises-floor",
            Variant::L1WithoutHead => "l1-without-head",
        }
    }

    /// The variant of this name.
    pub fn parse(name: &str) -> Result<Variant, String> {
        let all = || std::iter::once(Variant::Sound).chain(Variant::BROKEN);
        all().find(|variant| variant.name() == name).ok_or_else(|| {
            let names: Vec<_> = all().map(Variant::name).collect();
            format!("there are: {}", names.join(", "))
        })
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a key is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalidation {
    /// The item has at least this version.
    UpTo(u8),
    /// Something the version cannot order.
    Forced,
}

/// What became of a fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillOutcome {
    /// Stored.
    Stored,
    /// The key is gone.
    RefusedGone,
    /// The key lives another life.
    RefusedToken,
    /// An invalidation told of a newer version.
    RefusedFloor,
    /// A newer body is there already.
    RefusedNewer,
}

impl Record {
    fn pending(token: Token) -> Record {
        Record { token, floor: 0, body: None, leased: false, fence: 0 }
    }

    /// The version of its body; zero while pending.
    fn version(&self) -> u8 {
        self.body.map_or(0, |body| body.version)
    }

    /// What it answers: a body that is not below the floor.
    pub fn hit(&self) -> Option<Content> {
        self.body.filter(|body| body.version >= self.floor)
    }
}

impl Variant {
    /// What a change of the row tells the key: only a version that grew orders it.
    pub fn told(self, before: Change, after: Change) -> Invalidation {
        let (before, after) = (before.content, after.content);
        let floors_create = matches!(self, Variant::AbsentByFloor | Variant::CreateRaisesFloor);
        match (before.kind, after.kind) {
            (Kind::Live, Kind::Live) if 0 < before.version && before.version < after.version => {
                Invalidation::UpTo(after.version)
            }
            (Kind::Absent, Kind::Live) if floors_create => Invalidation::UpTo(after.version),
            _ => Invalidation::Forced,
        }
    }

    /// INVALIDATE.
    pub fn invalidate(self, state: &State, invalidation: Invalidation) -> Option<Record> {
        let empty = (self == Variant::ClockFence).then(|| Record::pending(0));
        let record = state.record.or(empty).filter(|_| self != Variant::PlainDelete)?;
        let fence = if self == Variant::ClockFence { state.now() } else { 0 };
        Some(match invalidation {
            Invalidation::UpTo(version) if version <= record.floor => Record { fence, ..record },
            Invalidation::UpTo(version) => Record { floor: version, leased: false, fence, ..record },
            Invalidation::Forced => Record { fence, ..Record::pending(state.fresh_token()) },
        })
    }

    /// BEGIN_FILL: the record after it, what it returned, and whether the caller holds the lease.
    pub fn begin_fill(self, state: &State) -> (Option<Record>, Begun, bool) {
        if self == Variant::PlainDelete {
            return (state.record, Begun { token: 0, floor: 0, at: 0 }, true);
        }
        let record = state.record.unwrap_or_else(|| Record::pending(state.fresh_token()));
        let at = if self == Variant::ClockFence { state.now() } else { 0 };
        let begun = Begun { token: record.token, floor: record.floor, at };
        (Some(Record { leased: true, ..record }), begun, !record.leased)
    }

    /// Whether FILL would store this.
    pub fn judge_fill(self, record: Option<Record>, begun: Begun, content: Content) -> FillOutcome {
        if self == Variant::PlainDelete {
            return FillOutcome::Stored;
        }
        let Some(record) = record else { return FillOutcome::RefusedGone };
        let same_life = match self {
            Variant::FloorWithoutToken => true,
            Variant::ClockFence => begun.at >= record.fence,
            Variant::AbsentByFloor if content.kind == Kind::Absent => true,
            _ => begun.token == record.token,
        };
        if !same_life {
            FillOutcome::RefusedToken
        } else if content.version < record.floor {
            FillOutcome::RefusedFloor
        } else if content.version < record.version() {
            FillOutcome::RefusedNewer
        } else {
            FillOutcome::Stored
        }
    }

    /// FILL: the record after it, and what became of the fill.
    pub fn fill(
        self,
        record: Option<Record>,
        begun: Begun,
        content: Content,
    ) -> (Option<Record>, FillOutcome) {
        let outcome = self.judge_fill(record, begun, content);
        if outcome != FillOutcome::Stored {
            return (record, outcome);
        }
        let record = record.unwrap_or_else(|| Record::pending(begun.token));
        (Some(Record { body: Some(content), leased: false, ..record }), outcome)
    }

    /// Whether who got `mine` may take the result of the running load that got `load`.
    pub fn may_join(self, mine: Begun, load: Begun) -> bool {
        let floor = mine.floor <= load.floor;
        match self {
            Variant::JoinAny => true,
            Variant::JoinByFloor => floor,
            _ => mine.token == load.token && floor,
        }
    }

    /// What L1 answers for the head that was just read.
    pub fn l1_answer(self, l1: Option<Held>, head: Option<Record>) -> Option<Content> {
        let held = l1?;
        let Some(head) = head else {
            return (self == Variant::L1WithoutHead).then_some(held.content);
        };
        let body = head.hit()?;
        let same = head.token == held.token
            && (body.kind, body.version) == (held.content.kind, held.content.version);
        same.then_some(held.content)
    }
}
