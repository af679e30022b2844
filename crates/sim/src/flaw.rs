//! Surroundings broken on purpose: each is a way in which caches are commonly built.

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Fills are accepted whatever their token: the floor alone guards the key.
    AnyToken,
    /// An invalidation deletes, a fill sets: the usual cache-aside.
    DeleteAndSet,
    /// Loads may return what was a moment ago.
    EventualLoads,
    /// A created item is announced with its version instead of by force.
    CreateByVersion,
    /// The source is asked before the load is announced.
    LoadBeforeAnnouncement,
    /// Changes that the version does not order are not announced by force.
    NeverForced,
    /// An invalidation is acknowledged before the store has it.
    AcknowledgedEarly,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Flaw; 7] = [
        Flaw::AnyToken,
        Flaw::DeleteAndSet,
        Flaw::EventualLoads,
        Flaw::CreateByVersion,
        Flaw::LoadBeforeAnnouncement,
        Flaw::NeverForced,
        Flaw::AcknowledgedEarly,
    ];
}
