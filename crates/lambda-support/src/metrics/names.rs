//! Every metric there is, with its unit.
//!
//! | metric | unit | measured by | dimensions beside `FunctionName` |
//! |---|---|---|---|
//! | `Hit`, `Stale`, `Miss` | Count | read-api: where each answer came from | `Family`, `Level` |
//! | `LoadTime` | Milliseconds | read-api: how long one call of the table took, also one that failed | `Family` |
//! | `LeaseWait` | Milliseconds | read-api: how long a read waited for another's load; reads that waited only | `Family` |
//! | `FillRefused` | Count | read-api: loads the cache refused to keep, because a change overtook them | `Family` |
//! | `WithoutCache` | Count | read-api: answered past the cache, because it failed or is left alone | `Family` |
//! | `BreakerOpen` | Count, 0 or 1 | read-api: whether the cache is left alone as the line is written | |
//! | `Told`, `Untold` | Count | stream-invalidator: products; write-api: writes. Untold ones come back, or are left to the stream | |
//! | `Poison` | Count | stream-invalidator: records that cannot be used as they are | |
//! | `WriteToFloorLag` | Milliseconds | stream-invalidator, write-api: from a write until the cache knew of it | |
//! | `WriteToEdgeLag` | Milliseconds | edge-invalidator: from a write until CloudFront took its purge | |
//! | `ItemsSent` | Count | edge-invalidator: items CloudFront took | |
//! | `ItemsMerged` | Count | edge-invalidator: changes without an item of their own: reached by a coarser or an earlier one | |
//! | `ItemsDeferred` | Count | edge-invalidator: messages put off, for the fence delay or because the edge was busy | |
//! | `Refused` | Count | edge-invalidator: messages that cannot be read | |
//! | `MonthSpend` | None: US dollars | edge-invalidator: what the month's items beyond the free ones cost | |
//! | `MonthAllowanceUsed` | Percent | edge-invalidator: of the items that may be sent this month | |
//! | `Consistent`, `Behind`, `Unanswered` | Count | consistency-auditor: what a look came to | `Level`, `After` |
//! | `BehindBy` | Milliseconds | consistency-auditor: by how much an answer was behind | `Level`, `After` |
//!
//! A `Miss` is a read that had to wait for the table, for whatever reason but the caller's own wish; its `Level` is the last
//! one asked. `Hit` in `memory` is a body that was not transferred. So the hit ratio is Hit ÷ (Hit + Stale + Miss).
//!
//! The stream tells the time of a write to the second: `WriteToFloorLag` of stream-invalidator and `WriteToEdgeLag` are up to
//! a second too long. What write-api measures is exact.

/// How values of a metric come together between two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// They are added up.
    Count,
    /// The last one counts.
    State,
    /// Each is kept: CloudWatch computes percentiles of them.
    Distribution,
}

/// A unit, as CloudWatch names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Of a hundred.
    Percent,
    /// Anything CloudWatch has no unit for.
    None,
}

impl Unit {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Unit::Count => "Count",
            Unit::Milliseconds => "Milliseconds",
            Unit::Percent => "Percent",
            Unit::None => "None",
        }
    }
}

macro_rules! metrics {
    ($($name:ident: $unit:ident, $kind:ident;)*) => {
        /// A metric; the table of this module says what each means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Metric { $($name),* }

        impl Metric {
            /// All of them.
            pub const ALL: &[Metric] = &[$(Metric::$name),*];

            /// Its name in CloudWatch.
            pub fn name(self) -> &'static str {
                match self { $(Metric::$name => stringify!($name)),* }
            }

            /// Its unit.
            pub fn unit(self) -> Unit {
                match self { $(Metric::$name => Unit::$unit),* }
            }

            /// How its values come together.
            pub fn kind(self) -> Kind {
                match self { $(Metric::$name => Kind::$kind),* }
            }
        }
    };
}

metrics! {
    Hit: Count, Count;
    Stale: Count, Count;
    Miss: Count, Count;
    LoadTime: Milliseconds, Distribution;
    LeaseWait: Milliseconds, Distribution;
    FillRefused: Count, Count;
    WithoutCache: Count, Count;
    BreakerOpen: Count, State;
    Told: Count, Count;
    Untold: Count, Count;
    Poison: Count, Count;
    WriteToFloorLag: Milliseconds, Distribution;
    WriteToEdgeLag: Milliseconds, Distribution;
    ItemsSent: Count, Count;
    ItemsMerged: Count, Count;
    ItemsDeferred: Count, Count;
    Refused: Count, Count;
    MonthSpend: None, State;
    MonthAllowanceUsed: Percent, State;
    Consistent: Count, Count;
    Behind: Count, Count;
    Unanswered: Count, Count;
    BehindBy: Milliseconds, Distribution;
}
