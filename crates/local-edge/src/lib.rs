//! The edge of the local stack: an HTTP cache in front of any origin, and CloudFront's invalidation API.

mod clock;
mod cloudfront;
mod config;
mod edge;
mod events;
mod exchange;
mod http_rules;
mod invalidation;
mod key;
mod store;
mod tags;

pub use cloudfront::{CloudFront, CloudFrontConfig, Fault, Faults, ImitatedDelay, Quotas, ReferenceConflict};
pub use config::{
    AllowedMethods, Behaviour, Cache, ConfigError, Dialect, EdgeConfig, ErrorCaching, ErrorTtl, Forward,
    InFlightFills, Origin, Policy, QueryKey, Variant,
};
pub use edge::{Edge, Held};
pub use events::{EdgeEvent, EventKind};
pub use invalidation::{Item, ItemError};
