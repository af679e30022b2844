//! Configuration from the environment, read once.
//!
//! Every missing or malformed name is collected and reported together, each with what it should look like.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Reads settings through a look-up, so that tests set no environment.
pub struct Settings<'a> {
    look_up: &'a dyn Fn(&str) -> Option<String>,
    mistakes: Vec<String>,
}

/// Every setting that is missing or malformed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    mistakes: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration is not usable: {}", self.mistakes.join("; "))
    }
}

impl std::error::Error for ConfigError {}

/// The process's environment as a look-up. An empty variable counts as not set.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl<'a> Settings<'a> {
    /// Settings from a look-up.
    pub fn new(look_up: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Settings { look_up, mistakes: Vec::new() }
    }

    /// A setting that may be left out.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.look_up)(name).filter(|value| !value.trim().is_empty())
    }

    /// A setting that must be there; `what` says what it is.
    pub fn required(&mut self, name: &str, what: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.mistakes.push(format!("{name} is missing: {what}"));
            String::new()
        })
    }

    /// Notes a mistake that only shows when settings are seen together.
    pub fn mistake(&mut self, what: String) {
        self.mistakes.push(what);
    }

    /// A setting checked by `parse`, whose error is reported. Nothing is checked if the setting is not there; use
    /// [`required`](Settings::required) first, or a default.
    pub fn checked<T, E: fmt::Display>(
        &mut self,
        name: &str,
        value: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if value.is_empty() {
            return None;
        }
        match parse(value) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                // The value may hold a password.
                self.mistakes.push(format!("{name}: {error}"));
                None
            }
        }
    }

    /// A number with a default and limits.
    pub fn number<T>(&mut self, name: &str, default: T, least: T, most: T) -> T
    where
        T: FromStr + PartialOrd + fmt::Display + Copy,
    {
        let Some(value) = self.optional(name) else { return default };
        match value.trim().parse() {
            Ok(number) if number >= least && number <= most => number,
            _ => {
                self.mistakes
                    .push(format!("{name} is {value:?}: it must be a number from {least} to {most}"));
                default
            }
        }
    }

    /// Whole seconds, at most a day, with a default.
    pub fn seconds(&mut self, name: &str, default: u64) -> Duration {
        Duration::from_secs(self.number(name, default, 0, 86_400))
    }

    /// Milliseconds, at most a minute and at least one, with a default.
    pub fn milliseconds(&mut self, name: &str, default: u64) -> Duration {
        Duration::from_millis(self.number(name, default, 1, 60_000))
    }

    /// One of a few words, with a default: the first.
    pub fn one_of<T: Copy>(&mut self, name: &str, words: &[(&str, T)], default: T) -> T {
        let Some(value) = self.optional(name) else { return default };
        match words.iter().find(|(word, _)| *word == value) {
            Some((_, meaning)) => *meaning,
            None => {
                let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                self.mistakes.push(format!("{name} is {value:?}: it must be one of {}", known.join(", ")));
                default
            }
        }
    }

    /// The configuration `build` makes, or everything that was wrong.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, ConfigError> {
        if self.mistakes.is_empty()
            && let Some(config) = build()
        {
            return Ok(config);
        }
        Err(ConfigError { mistakes: self.mistakes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_reported_at_once_with_what_would_be_right() {
        let look_up = |name: &str| match name {
            "SIZE" => Some("huge".to_owned()),
            "MODE" => Some("fast".to_owned()),
            "URL" => Some("nonsense".to_owned()),
            "EMPTY" => Some(" ".to_owned()),
            _ => None,
        };
        let mut settings = Settings::new(&look_up);
        settings.required("TABLE", "the table's name");
        settings.required("EMPTY", "something");
        settings.number("SIZE", 5u32, 1, 10);
        settings.one_of("MODE", &[("slow", 1), ("slower", 2)], 1);
        settings.checked("URL", "nonsense", |_| Err::<(), _>("not a URL"));
        let error = settings.finish(|| Some(())).unwrap_err().to_string();
        for part in [
            "TABLE is missing: the table's name",
            "EMPTY is missing",
            "SIZE is \"huge\": it must be a number from 1 to 10",
            "MODE is \"fast\": it must be one of slow, slower",
            "URL: not a URL",
        ] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let mut settings = Settings::new(&|_| None);
        assert_eq!(settings.seconds("A", 60), Duration::from_secs(60));
        assert_eq!(settings.milliseconds("B", 150), Duration::from_millis(150));
        assert_eq!(settings.one_of("C", &[("x", 1)], 7), 7);
        assert_eq!(settings.finish(|| Some(1)), Ok(1));
    }
}
