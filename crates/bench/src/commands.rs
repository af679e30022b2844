//! What the store is asked by the engine, as commands, and what a plain cache would ask it instead.
//!
//! The scripts are those that are shipped. Their arguments are chosen so that every request does all the work the operation can
//! mean, however often it meets the same key. Only a floor is not always raised by the second of two that meet a key.

use std::sync::LazyLock;

use cache::Token;

use crate::records::{LIFE_MS, TOKEN, body, live, pending};

/// A body's size in bytes.
pub const BYTES: usize = 1_000;
/// Any time; the scripts have no clock of their own.
const NOW: &str = "1790000000000";

/// What is under the keys when a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// Nothing, and the keys are so many that none is met twice.
    Nothing,
    /// A body.
    Body,
    /// A record with that body.
    Live,
    /// A head: a load was announced.
    Pending,
}

impl Before {
    /// That value.
    pub fn value(self) -> Option<Vec<u8>> {
        match self {
            Before::Nothing => None,
            Before::Body => Some(body(BYTES).into()),
            Before::Live => Some(live(body(BYTES)).into()),
            Before::Pending => Some(pending().encode().to_vec()),
        }
    }
}

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `GET` of a body.
    Get,
    /// The engine's read: `GET` of a record.
    Read,
    /// The engine's look at a head: `GETRANGE`.
    ReadHead,
    /// `SET` of a body.
    Set,
    /// BEGIN_FILL of an empty key.
    BeginEmpty,
    /// BEGIN_FILL of a record whose lease is free.
    BeginAgain,
    /// FILL.
    Fill,
    /// `DEL` of a body.
    Del,
    /// INVALIDATE that raises a floor.
    Raise,
    /// INVALIDATE of an empty key.
    RaiseEmpty,
    /// INVALIDATE of what has no version.
    Drop,
}

/// All of them, in the order of the tables.
pub const ALL: [Operation; 11] = [
    Operation::Get,
    Operation::Read,
    Operation::ReadHead,
    Operation::Set,
    Operation::BeginEmpty,
    Operation::BeginAgain,
    Operation::Fill,
    Operation::Del,
    Operation::Raise,
    Operation::RaiseEmpty,
    Operation::Drop,
];

impl Operation {
    /// What a table calls it, what it is compared with, what it finds.
    pub fn about(self) -> (&'static str, Operation, Before) {
        match self {
            Operation::Get => ("GET, a plain value", Operation::Get, Before::Body),
            Operation::Read => ("read: GET of a record", Operation::Get, Before::Live),
            Operation::ReadHead => ("read its head: GETRANGE", Operation::Get, Before::Live),
            Operation::Set => ("SET with a time to live", Operation::Set, Before::Body),
            Operation::BeginEmpty => ("BEGIN_FILL, empty key", Operation::Set, Before::Nothing),
            Operation::BeginAgain => ("BEGIN_FILL, record, lease free", Operation::Set, Before::Live),
            Operation::Fill => ("FILL", Operation::Set, Before::Pending),
            Operation::Del => ("DEL", Operation::Del, Before::Body),
            Operation::Raise => ("INVALIDATE, floor raised", Operation::Del, Before::Live),
            Operation::RaiseEmpty => ("INVALIDATE, empty key", Operation::Del, Before::Nothing),
            Operation::Drop => ("INVALIDATE, forced", Operation::Del, Before::Live),
        }
    }

    /// The command on a key.
    pub fn command(self, key: &str) -> Vec<String> {
        let plain = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let script = |script: &Script, arguments: &[&str]| {
            let mut words = vec!["EVALSHA".to_owned(), script.hash.clone(), "1".to_owned(), key.to_owned()];
            words.extend(arguments.iter().map(|word| (*word).to_owned()));
            words
        };
        let (life, body) = (LIFE_MS.to_string(), text(&body(BYTES)));
        let head = text(&pending().encode());
        let token = text(Token::from_bits(TOKEN).as_bytes());
        match self {
            Operation::Get | Operation::Read => plain(&["GET", key]),
            Operation::ReadHead => plain(&["GETRANGE", key, "0", "95"]),
            Operation::Set => plain(&["SET", key, &body, "PX", &life]),
            // A lease that ends as it is taken is free for whoever comes next.
            Operation::BeginEmpty | Operation::BeginAgain => {
                script(&SCRIPTS.begin_fill, &[NOW, NOW, &head, "5000", "0"])
            }
            Operation::Fill => {
                let (kind, version) = ("L-", format!("{:020}", 7));
                script(&SCRIPTS.fill, &[&token, kind, &version, NOW, "deadbeef", &life, &body])
            }
            Operation::Del => plain(&["DEL", key]),
            Operation::Raise | Operation::RaiseEmpty => {
                script(&SCRIPTS.raise_floor, &["00000000__rand_int__", "0"])
            }
            Operation::Drop => script(&SCRIPTS.drop, &[&head, "0"]),
        }
    }
}

/// A script as `cache-valkey` has it.
pub struct Script {
    /// All of it.
    pub code: String,
    hash: String,
}

/// The scripts.
pub struct Scripts {
    begin_fill: Script,
    fill: Script,
    raise_floor: Script,
    drop: Script,
}

/// The scripts that are shipped.
pub static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| {
    let script = |body: &str| {
        let code = format!("{}{body}", include_str!("../../cache-valkey/src/scripts/head.lua"));
        let hash = redis::Script::new(&code).get_hash().to_owned();
        Script { code, hash }
    };
    Scripts {
        begin_fill: script(include_str!("../../cache-valkey/src/scripts/begin_fill.lua")),
        fill: script(include_str!("../../cache-valkey/src/scripts/fill.lua")),
        raise_floor: script(include_str!("../../cache-valkey/src/scripts/raise_floor.lua")),
        drop: script(include_str!("../../cache-valkey/src/scripts/drop.lua")),
    }
});

impl Scripts {
    /// Each of them, to be told to a server.
    pub fn each(&self) -> [&Script; 4] {
        [&self.begin_fill, &self.fill, &self.raise_floor, &self.drop]
    }
}

#[cfg(test)]
mod tests {
    use redis::Value;

    use super::*;
    use crate::server::Server;

    async fn ask(server: &mut redis::aio::MultiplexedConnection, words: &[String]) -> Value {
        let mut command = redis::Cmd::new();
        words.iter().for_each(|word| {
            command.arg(word.replace("__rand_int__", "000000000009"));
        });
        command.query_async(server).await.unwrap()
    }

    /// The digit a script answers; of BEGIN_FILL, whether it took the lease.
    fn outcome(answer: &Value) -> i64 {
        match answer {
            Value::Int(code) => *code,
            Value::Array(parts) => outcome(&parts[0]),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn every_script_does_all_its_work_however_often_it_is_asked() {
        let server = Server::start().await.unwrap();
        let mut asked = server.connect().await.unwrap();
        for script in SCRIPTS.each() {
            let load = ["SCRIPT", "LOAD", &script.code].map(str::to_owned);
            ask(&mut asked, &load).await;
        }
        let expected = [
            (Operation::BeginEmpty, [1, 1]),
            (Operation::BeginAgain, [1, 1]),
            (Operation::Fill, [0, 0]),
            // The same floor a second time: why the load names a random one, and keys are many.
            (Operation::Raise, [2, 1]),
            (Operation::RaiseEmpty, [0, 0]),
            (Operation::Drop, [3, 3]),
        ];
        for (operation, expected) in expected {
            ask(&mut asked, &["FLUSHALL".to_owned()]).await;
            if let Some(value) = operation.about().2.value() {
                redis::cmd("SET").arg("k").arg(value).query_async::<()>(&mut asked).await.unwrap();
            }
            let mut answers = Vec::new();
            for _ in 0..2 {
                answers.push(outcome(&ask(&mut asked, &operation.command("k")).await));
            }
            assert_eq!(answers, expected, "{operation:?}");
        }
    }
}
