//! One state of the world: the row with its past, the record, the readers, L1, and two ghosts.

/// Names one life of a key. Only equality means anything, so numbers that nobody holds are used again.
pub type Token = u8;

/// Live, or absent: what a source or a record may say of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// There is a row.
    Live,
    /// There is none.
    Absent,
}

/// One content the row had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Content {
    /// Ghost: grows with every change of the row, whoever made it. No operation looks at it.
    pub seq: u8,
    /// Whether there is a row.
    pub kind: Kind,
    /// The row's version; zero if there is no row, or none in it.
    pub version: u8,
}

/// A content and who brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Change {
    /// What the row held from then on.
    pub content: Content,
    /// By a writer that tells the cache nothing: only the stream does.
    pub foreign: bool,
}

/// What the store holds under the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Record {
    /// The key's life.
    pub token: Token,
    /// The lowest version that may still be answered.
    pub floor: u8,
    /// What may be answered; `None` while pending.
    pub body: Option<Content>,
    /// Whether the lease is taken.
    pub leased: bool,
    /// When it was last told of a change, by the clock; used by [`crate::Variant::ClockFence`] only, else zero.
    pub fence: u8,
}

/// What BEGIN_FILL returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Begun {
    /// The token a fill must show.
    pub token: Token,
    /// The floor at that time.
    pub floor: u8,
    /// When that was, by the clock; used by [`crate::Variant::ClockFence`] only, else zero.
    pub at: u8,
}

/// A body in L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Held {
    /// The token of the head it came with.
    pub token: Token,
    /// The body; its kind and version are those of that head.
    pub content: Content,
}

/// Where a reader is. `note` is what had been acknowledged when its read began; where others joined its load, the
/// highest of their notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Between two reads.
    Idle,
    /// READ was a miss.
    Missed {
        /// See [`Phase`].
        note: u8,
    },
    /// BEGIN_FILL did not give it the lease. Only where it may join another load; else it looks again.
    Waiting {
        /// See [`Phase`].
        note: u8,
        /// What BEGIN_FILL returned.
        begun: Begun,
    },
    /// It holds the lease and has not read the source yet.
    Loading {
        /// See [`Phase`].
        note: u8,
        /// What BEGIN_FILL returned.
        begun: Begun,
    },
    /// It has read the source.
    Loaded {
        /// See [`Phase`].
        note: u8,
        /// What BEGIN_FILL returned.
        begun: Begun,
        /// What it read.
        content: Content,
    },
    /// It has answered with what L2 served or accepted, which is about to enter L1.
    Keeping(
        /// What enters.
        Held,
    ),
}

/// An answer that the invariant forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Violation {
    /// What was answered.
    pub content: Content,
    /// Everything before this had been acknowledged as invalidated when the read began.
    pub note: u8,
}

/// One state of the world. For its hash see [`crate::symmetry`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Every content the row had, by sequence number; the last is what the source holds now.
    pub history: Vec<Change>,
    /// How many changes the stream has delivered at least once; it delivers in order.
    pub streamed: u8,
    /// Ghost: everything before this sequence number has been acknowledged as invalidated.
    pub acknowledged: u8,
    /// What the store holds.
    pub record: Option<Record>,
    /// The readers.
    pub readers: Vec<Phase>,
    /// What the process of the readers holds in L1.
    pub l1: Option<Held>,
    /// Ghost: the answer that broke the invariant.
    pub violation: Option<Violation>,
}

impl State {
    /// A row of version 1 that nobody has read.
    pub fn initial(readers: u8) -> State {
        let content = Content { seq: 0, kind: Kind::Live, version: 1 };
        State {
            history: vec![Change { content, foreign: false }],
            streamed: 1,
            acknowledged: 0,
            record: None,
            readers: vec![Phase::Idle; usize::from(readers)],
            l1: None,
            violation: None,
        }
    }

    /// What the source holds now.
    pub fn current(&self) -> Content {
        self.content(self.history.len() - 1)
    }

    /// What the source held at this sequence number.
    pub fn content(&self, seq: usize) -> Content {
        self.history[seq].content
    }

    /// The changes so far: the only clock in the world.
    pub fn now(&self) -> u8 {
        self.current().seq
    }

    /// A token that nobody holds.
    pub fn fresh_token(&self) -> Token {
        let of_readers = self.readers.iter().filter_map(Phase::token);
        let elsewhere = [self.record.map(|record| record.token), self.l1.map(|held| held.token)];
        let held: u64 =
            of_readers.chain(elsewhere.into_iter().flatten()).fold(0, |set, token| set | 1 << token);
        (!held).trailing_zeros() as Token
    }
}

impl Phase {
    /// The token the reader holds.
    pub fn token(&self) -> Option<Token> {
        match self {
            Phase::Idle | Phase::Missed { .. } => None,
            Phase::Waiting { begun, .. } | Phase::Loading { begun, .. } | Phase::Loaded { begun, .. } => {
                Some(begun.token)
            }
            Phase::Keeping(held) => Some(held.token),
        }
    }

    /// The same with its token spelled otherwise.
    pub(crate) fn respelled(mut self, spell: impl FnOnce(Token) -> Token) -> Phase {
        match &mut self {
            Phase::Idle | Phase::Missed { .. } => {}
            Phase::Waiting { begun, .. } | Phase::Loading { begun, .. } | Phase::Loaded { begun, .. } => {
                begun.token = spell(begun.token);
            }
            Phase::Keeping(held) => held.token = spell(held.token),
        }
        self
    }
}
