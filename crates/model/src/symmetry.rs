//! States that differ only in names are one.
//!
//! Which reader is which, and how a token is spelled, decides nothing: tokens are only compared for equality, and all
//! readers are alike. The checker knows a state by its hash, so the hash is that of all states that differ only in
//! these names, and it visits one of them. (Where it does not see that two are the same, it visits both.)

use std::hash::{Hash, Hasher};

use crate::state::{Held, Phase, Record, State, Token};

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let mut spelling = Spelling::default();
        let record = self.record.map(|record| Record { token: spelling.of(record.token), ..record });
        let l1 = self.l1.map(|held| Held { token: spelling.of(held.token), ..held });
        let known = spelling.clone();
        let mut readers: Vec<(Phase, Phase)> = Vec::with_capacity(self.readers.len());
        readers
            .extend(self.readers.iter().map(|&phase| (phase.respelled(|token| known.known(token)), phase)));
        readers.sort_unstable_by_key(|(key, _)| *key);
        for (_, phase) in readers {
            phase.respelled(|token| spelling.of(token)).hash(hasher);
        }
        (record, l1, &self.history, self.streamed, self.acknowledged, self.violation).hash(hasher);
    }
}

/// Spells tokens by the order in which they are first met.
#[derive(Default, Clone)]
struct Spelling {
    /// By token: its spelling, or zero.
    met: [Token; 16],
    count: Token,
}

impl Spelling {
    fn of(&mut self, token: Token) -> Token {
        let place = &mut self.met[usize::from(token)];
        if *place == 0 {
            self.count += 1;
            *place = self.count;
        }
        *place
    }

    fn known(&self, token: Token) -> Token {
        self.met[usize::from(token)]
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::*;
    use crate::state::Begun;

    fn world(first: Phase, second: Phase, token: Token) -> State {
        let record = Record { token, floor: 0, body: None, leased: false, fence: 0 };
        State { record: Some(record), readers: vec![first, second], ..State::initial(0) }
    }

    fn loading(token: Token) -> Phase {
        Phase::Loading { note: 0, begun: Begun { token, floor: 0, at: 0 } }
    }

    #[test]
    fn states_that_differ_only_in_names_have_one_hash() {
        let hasher = RandomState::new();
        let hash = |state: &State| hasher.hash_one(state);
        let one = world(loading(1), loading(2), 1);
        assert_eq!(hash(&one), hash(&world(loading(2), loading(1), 1)), "readers swapped");
        assert_eq!(hash(&one), hash(&world(loading(7), loading(3), 7)), "tokens spelled otherwise");
        assert_eq!(hash(&one), hash(&world(loading(3), loading(7), 7)), "both");
        assert_ne!(hash(&one), hash(&world(loading(1), loading(1), 1)), "another token");
        assert_ne!(hash(&one), hash(&world(loading(2), loading(3), 1)), "neither is the record's");
    }

    #[test]
    fn a_fresh_token_is_nobodys() {
        assert_eq!(world(loading(0), loading(2), 1).fresh_token(), 3);
        assert_eq!(world(loading(0), loading(2), 2).fresh_token(), 1);
    }
}
