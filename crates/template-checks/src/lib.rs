//! What the template says of the code, for tests that compare it with the code.
//!
//! - [`template`]: `template.yaml` as JSON, short forms (`!Ref`) written out
//! - [`values`]: what a property may become in a deployment
//! - [`grants`]: what a function's role allows
//!
//! The tests are in `tests/template`: `environment` (each function is asked which names it reads), `permissions` (each
//! function is run, and what it asks of AWS is seen), `times` (the inequalities between time-outs, delays and limits), `rules`
//! (which parameters go together, and what `samconfig.toml` gives), `metrics` (what alarms and dashboard look at).

pub mod grants;
pub mod template;
pub mod values;

pub use grants::Grant;
pub use template::{Template, TemplateError};
