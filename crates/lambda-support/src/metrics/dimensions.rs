//! Every dimension there is. CloudWatch bills each combination of values as a metric of its own: values are fixed words, and
//! nothing a request or a row holds can become one.

macro_rules! dimension {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$of])* $variant),* }

        impl $name {
            /// The word in CloudWatch.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }
        }
    };
}

dimension! {
    /// What was read.
    Family {
        /// Single products, also several at once.
        Product = "product",
        /// Lists of products.
        List = "list",
    }
}

dimension! {
    /// Where an answer came from, or who was asked.
    Level {
        /// CloudFront.
        Edge = "edge",
        /// The API behind it.
        Api = "api",
        /// The process's own memory.
        Memory = "memory",
        /// Valkey or Redis.
        Valkey = "valkey",
    }
}

dimension! {
    /// How many seconds after a change.
    After {
        /// One.
        One = "1",
        /// Ten.
        Ten = "10",
        /// Sixty.
        Sixty = "60",
    }
}

/// What one measurement is of, beside the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dimensions {
    family: Option<Family>,
    level: Option<Level>,
    after: Option<After>,
}

impl Dimensions {
    /// The function alone.
    pub const NONE: Dimensions = Dimensions { family: None, level: None, after: None };

    /// Of this family.
    pub const fn family(self, family: Family) -> Self {
        Dimensions { family: Some(family), ..self }
    }

    /// At this level.
    pub const fn level(self, level: Level) -> Self {
        Dimensions { level: Some(level), ..self }
    }

    /// So long after a change.
    pub const fn after(self, after: After) -> Self {
        Dimensions { after: Some(after), ..self }
    }

    /// Names and values.
    pub fn pairs(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let family = self.family.map(|family| ("Family", family.as_str()));
        let level = self.level.map(|level| ("Level", level.as_str()));
        let after = self.after.map(|after| ("After", after.as_str()));
        [family, level, after].into_iter().flatten()
    }
}
