//! Many keys at once: one look for all, one load for all that are missing.
//!
//! Keys that somebody else is loading are not waited for until the others have been loaded; what is then still missing is
//! loaded together as well. So the source is asked at most twice.

use std::collections::HashMap;
use std::future::Future;

use futures::future::join_all;
use tokio::time::{Instant, timeout};

use super::find::{Found, Step, Turn};
use super::load::{at_least, limited, loaded_answer};
use super::{Cache, GetError, Lookup};
use crate::answer::{Answer, Bypass, Provenance};
use crate::key::Key;
use crate::loader::{LoadError, Loaded};
use crate::policy::Policy;
use crate::store::StoreError;

/// One place for each key; empty until it is answered.
type Answers = Vec<Option<Result<Answer, GetError>>>;

/// What is to be loaded for one of the keys.
struct Due {
    place: usize,
    why: Why,
}

enum Why {
    Turn(Turn),
    Past(Bypass),
}

impl Cache {
    /// Answers for each key, in their order; an item that fails costs no other.
    ///
    /// `load` is given the places of the keys to load and returns a result for each of them, in that order; it must read
    /// strongly consistently and is called at most twice. A key asked more than once is looked up once.
    pub async fn get_many<L, F>(
        &self,
        policy: &Policy,
        keys: &[Key],
        load: L,
    ) -> Vec<Result<Answer, GetError>>
    where
        L: Fn(Vec<usize>) -> F,
        F: Future<Output = Vec<Result<Loaded, LoadError>>>,
    {
        // Waiting for others begins now: it overlaps the load of the rest.
        let give_up = Instant::now() + policy.wait;
        let lookups: Vec<_> = keys.iter().map(|key| Lookup::of(key, policy)).collect();
        let mut answers: Answers = keys.iter().map(|_| None).collect();
        let (firsts, twins) = distinct(keys);
        let (due, waiting) = match self.bypassed(policy) {
            Some(why) => {
                (firsts.into_iter().map(|place| Due { place, why: Why::Past(why) }).collect(), vec![])
            }
            None => self.first_look(&lookups, firsts, &mut answers).await,
        };
        self.load_all(&lookups, due, &load, &mut answers).await;
        let found = join_all(waiting.iter().map(|&place| self.find(lookups[place], give_up))).await;
        let mut due = Vec::new();
        let mut waits = Vec::new();
        for (place, (found, waited)) in waiting.into_iter().zip(found) {
            settle(place, found, &mut due, &mut answers);
            waits.push((place, waited));
        }
        self.load_all(&lookups, due, &load, &mut answers).await;
        for (place, waited) in waits {
            answers[place] =
                answers[place].take().map(|answer| answer.map(|answer| Answer { waited, ..answer }));
        }
        for (place, first) in twins {
            answers[place] = answers[first].clone();
        }
        let lost = || Err(LoadError::Unavailable("the loader returned too few results".into()).into());
        answers.into_iter().map(|answer| self.counted(answer.unwrap_or_else(lost))).collect()
    }

    /// One look for all; then one announcement for each that is missing. Returns what to load and what to wait for.
    async fn first_look(
        &self,
        lookups: &[Lookup<'_>],
        places: Vec<usize>,
        answers: &mut Answers,
    ) -> (Vec<Due>, Vec<usize>) {
        let (mut due, mut waiting) = (Vec::new(), Vec::new());
        let Some(limit) = lookups.first().map(|lookup| lookup.policy.store_timeout) else {
            return (due, waiting);
        };
        let keys: Vec<Key> = places.iter().map(|&place| lookups[place].key.clone()).collect();
        let began = self.began();
        let raws = timeout(limit, self.store.read_many(&keys)).await;
        let raws = raws.unwrap_or_else(|_| keys.iter().map(|_| Err(StoreError::TimedOut)).collect());
        self.inform(raws.iter().find_map(|raw| raw.as_ref().err()));
        let steps = join_all(places.iter().zip(raws).map(async |(&place, raw)| {
            let lookup = lookups[place];
            let seen = self.interpret(lookup, began, raw?, None);
            self.step(lookup, &seen, true).await
        }));
        for (place, step) in places.iter().copied().zip(steps.await) {
            match step {
                Ok(Step::Done(found)) => settle(place, found, &mut due, answers),
                Ok(Step::Wait | Step::Again) => waiting.push(place),
                Err(failure) => {
                    due.push(Due { place, why: Why::Past(Bypass::Failed(failure.name())) });
                }
            }
        }
        (due, waiting)
    }

    /// One load for all that are due, then a fill for each.
    async fn load_all<L, F>(&self, lookups: &[Lookup<'_>], due: Vec<Due>, load: &L, answers: &mut Answers)
    where
        L: Fn(Vec<usize>) -> F,
        F: Future<Output = Vec<Result<Loaded, LoadError>>>,
    {
        if due.is_empty() {
            return;
        }
        let places: Vec<usize> = due.iter().map(|due| due.place).collect();
        // The most patient of them decides how long all may take.
        let limit = due.iter().map(|due| match &due.why {
            Why::Turn(turn) => self.load_limit(lookups[due.place], turn),
            Why::Past(_) => lookups[due.place].policy.load_timeout,
        });
        let loading = async { Ok(load(places).await) };
        let loaded = match limited(limit.max().unwrap_or_default(), loading).await {
            Ok(loaded) => loaded,
            Err(error) => due.iter().map(|_| Err(error.clone())).collect(),
        };
        let filled = join_all(due.into_iter().zip(loaded).map(async |(due, loaded)| {
            let lookup = lookups[due.place];
            let answer = match (due.why, loaded) {
                (Why::Turn(turn), Ok(loaded)) => {
                    let answer = self.fill(lookup, &turn, None, loaded).await;
                    at_least(lookup.minimum, answer)
                }
                (Why::Turn(turn), Err(error)) => self.despite_error(lookup, &turn, error).await,
                (Why::Past(why), Ok(loaded)) => {
                    at_least(lookup.minimum, loaded_answer(loaded, Provenance::Bypassed(why)))
                }
                (Why::Past(_), Err(error)) => Err(error.into()),
            };
            (due.place, answer)
        }));
        for (place, answer) in filled.await {
            answers[place] = Some(answer);
        }
    }
}

fn settle(place: usize, found: Found, due: &mut Vec<Due>, answers: &mut Answers) {
    match found {
        Found::Answer(answer) => answers[place] = Some(Ok(answer)),
        Found::Turn(turn) => due.push(Due { place, why: Why::Turn(turn) }),
        Found::Past(why) => due.push(Due { place, why: Why::Past(why) }),
    }
}

/// The first place of each key, and for every other place the first of its key.
fn distinct(keys: &[Key]) -> (Vec<usize>, Vec<(usize, usize)>) {
    let mut first: HashMap<&Key, usize> = HashMap::new();
    let (mut firsts, mut twins) = (Vec::new(), Vec::new());
    for (place, key) in keys.iter().enumerate() {
        match first.get(key) {
            Some(&of) => twins.push((place, of)),
            None => {
                first.insert(key, place);
                firsts.push(place);
            }
        }
    }
    (firsts, twins)
}
