//! What goes wrong, and how often.

use std::str::FromStr;

use serde::Serialize;

/// How often things go wrong. The default: never.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Faults {
    /// The share of changes whose event never reaches its consumer.
    pub lost_events: f64,
    /// The share of changes whose event comes once more, up to half a minute later.
    pub doubled_events: f64,
    /// How often in an hour the cache restarts empty.
    pub cache_restarts: f64,
    /// The share of fills whose process freezes just before it sends them, for a tenth of a second to a quarter of an hour.
    pub frozen_functions: f64,
    /// The share of eventually consistent reads of the table that show what was, up to a second ago. Strong ones never do.
    pub lagging_index: f64,
}

/// Why a text names no faults.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is none of lost-events, doubled-events, cache-restart, frozen-functions, lagging-index, each with `=rate` or without"
)]
pub struct UnknownFault(String);

impl Faults {
    /// Every fault at the rate it has when none is given.
    pub fn all() -> Faults {
        Faults {
            lost_events: 0.01,
            doubled_events: 0.05,
            cache_restarts: 1.0,
            frozen_functions: 0.01,
            lagging_index: 0.05,
        }
    }
}

impl FromStr for Faults {
    type Err = UnknownFault;

    /// `lost-events=0.02,cache-restart`: names with rates, or with the rates of [`Faults::all`]; or `all`.
    fn from_str(text: &str) -> Result<Faults, UnknownFault> {
        let (mut faults, usual) = (Faults::default(), Faults::all());
        for word in text.split(',').filter(|word| !word.is_empty()) {
            let unknown = || UnknownFault(word.to_owned());
            let (name, rate) = match word.split_once('=') {
                Some((name, rate)) => (name, Some(rate.parse::<f64>().map_err(|_| unknown())?)),
                None => (word, None),
            };
            if rate.is_some_and(|rate| !rate.is_finite() || rate < 0.0) {
                return Err(unknown());
            }
            match name {
                "all" if rate.is_none() => faults = usual.clone(),
                "lost-events" => faults.lost_events = rate.unwrap_or(usual.lost_events),
                "doubled-events" => faults.doubled_events = rate.unwrap_or(usual.doubled_events),
                "cache-restart" => faults.cache_restarts = rate.unwrap_or(usual.cache_restarts),
                "frozen-functions" => faults.frozen_functions = rate.unwrap_or(usual.frozen_functions),
                "lagging-index" => faults.lagging_index = rate.unwrap_or(usual.lagging_index),
                _ => return Err(unknown()),
            }
        }
        Ok(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_have_names_and_rates() {
        let faults: Faults = "lost-events=0.5,cache-restart".parse().unwrap();
        assert_eq!(faults, Faults { lost_events: 0.5, cache_restarts: 1.0, ..Faults::default() });
        assert_eq!("all".parse(), Ok(Faults::all()));
        assert_eq!("".parse(), Ok(Faults::default()));
        for bad in ["lost", "lost-events=x", "lost-events=-1", "all=1", "cache-restart=inf"] {
            assert!(bad.parse::<Faults>().is_err(), "{bad}");
        }
    }
}
