//! A request: one command or script of one slot, and what travels with it.

use redis::{Cmd, FromRedisValue, Pipeline, Value};

use crate::config::Replicas;
use crate::failure::Failure;
use crate::scripts::Script;

/// A request. It may be sent again, as [`again`](Request::again): the first attempt may have been carried out though its
/// answer was lost, and what gives a key a token must not give it the same one twice.
pub(crate) struct Request<'a> {
    /// A key of the slot.
    pub(crate) key: &'a str,
    pub(crate) what: What<'a>,
    /// The replicas that must have what was written.
    pub(crate) replicas: Option<Replicas>,
    /// The arguments of a second attempt, where they must differ.
    pub(crate) repeat: Option<Vec<Vec<u8>>>,
}

pub(crate) enum What<'a> {
    /// Its name and arguments.
    Command(&'a [&'a [u8]]),
    /// A script on the request's key.
    Script(&'a Script, Vec<Vec<u8>>),
}

/// How a script is named.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// By its hash.
    Hash,
    /// In full, which teaches it to the server: `EVAL` goes where the key is, `SCRIPT LOAD` would not.
    Full,
}

impl<'a> Request<'a> {
    pub(crate) fn command(key: &'a str, words: &'a [&'a [u8]]) -> Self {
        Request { key, what: What::Command(words), replicas: None, repeat: None }
    }

    /// The request as it is sent a second time.
    pub(crate) fn again(&self) -> Request<'a> {
        let what = match (&self.what, &self.repeat) {
            (What::Command(words), _) => What::Command(words),
            (What::Script(script, first), repeat) => {
                What::Script(script, repeat.as_ref().unwrap_or(first).clone())
            }
        };
        Request { key: self.key, what, replicas: self.replicas, repeat: None }
    }

    pub(crate) fn script(key: &'a str, script: &'a Script, arguments: Vec<Vec<u8>>) -> Self {
        Request { key, what: What::Script(script, arguments), replicas: None, repeat: None }
    }

    /// What is sent, together and on one connection: `ASKING` holds for the next command only, `WAIT` for what the same
    /// connection wrote.
    pub(crate) fn commands(&self, asking: bool, spelling: Spelling) -> Pipeline {
        let mut commands = Pipeline::with_capacity(1);
        if asking {
            commands.cmd("ASKING");
        }
        match &self.what {
            What::Command(words) => {
                let mut command = Cmd::with_capacity(words.len(), words.iter().map(|word| word.len()).sum());
                words.iter().for_each(|word| {
                    command.arg(word);
                });
                commands.add_command(command);
            }
            What::Script(script, arguments) => {
                match spelling {
                    Spelling::Hash => commands.cmd("EVALSHA").arg(&script.hash),
                    Spelling::Full => commands.cmd("EVAL").arg(&script.code),
                };
                commands.arg(1).arg(self.key).arg(arguments);
            }
        }
        if let Some(replicas) = self.replicas {
            let within = u64::try_from(replicas.within.as_millis()).unwrap_or(u64::MAX);
            commands.cmd("WAIT").arg(replicas.count).arg(within);
        }
        commands
    }

    /// Reads what was answered to [`commands`](Self::commands).
    pub(crate) fn answer(&self, asking: bool, answers: Vec<Value>) -> Result<Value, Failure> {
        let mut answers = answers.into_iter();
        let mut next = || {
            let value = answers.next().ok_or_else(|| Failure::Refused("an answer is missing".to_owned()))?;
            value.extract_error().map_err(Failure::from)
        };
        if asking {
            next()?;
        }
        let value = next()?;
        if let Some(replicas) = self.replicas {
            let acknowledged = read::<u32>(next()?)?;
            if acknowledged < replicas.count {
                return Err(Failure::TooFewReplicas { acknowledged, wanted: replicas.count });
            }
        }
        Ok(value)
    }
}

/// An answer as what it should be.
pub(crate) fn read<T: FromRedisValue>(value: Value) -> Result<T, Failure> {
    T::from_redis_value(value).map_err(|error| Failure::Refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_attempt_shows_its_own_arguments() {
        let scripts = crate::scripts::Scripts::new();
        let request = Request::script("k", &scripts.drop, vec![b"first".to_vec()]);
        let sent = |request: &Request<'_>| request.commands(false, Spelling::Hash).get_packed_pipeline();
        assert_eq!(sent(&request.again()), sent(&request), "unless it has none");
        let request = Request { repeat: Some(vec![b"second".to_vec()]), ..request };
        let again = sent(&request.again());
        assert!(
            again.windows(6).any(|bytes| bytes == b"second")
                && !again.windows(5).any(|bytes| bytes == b"first")
        );
        assert_eq!(sent(&request.again()), sent(&request.again().again()));
    }
}
