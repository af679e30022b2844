//! Whose turn it is: an answer, a wait, a load of this process to join, or a load of one's own.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::look::{Generation, Seen};
use super::{Cache, Lookup};
use crate::answer::{Answer, Bypass, MissReason, Provenance};
use crate::clock::UnixMillis;
use crate::policy::{Policy, millis};
use crate::record::{Head, Kind, Token};
use crate::rule::{Verdict, judge};
use crate::store::{BeginFill, Begun, StoreError};
use crate::version::Version;

/// What looking ends with.
pub(super) enum Found {
    Answer(Answer),
    Turn(Turn),
    /// The source is to be asked past the store.
    Past(Bypass),
}

/// It is this caller's turn to load.
pub(super) struct Turn {
    /// What its fill must show.
    pub(super) token: Token,
    /// The floor its load begins with.
    pub(super) floor: Version,
    /// Why the store had no answer.
    pub(super) miss: MissReason,
    /// What could stand in if the source fails.
    pub(super) spare: Seen,
    /// What a list is built under.
    pub(super) generation: Option<Generation>,
}

/// What one look allows.
pub(super) enum Step {
    Done(Found),
    /// Somebody else is loading it.
    Wait,
    /// Things have changed since the look.
    Again,
}

impl Cache {
    /// Looks until there is an answer, or it is this caller's turn to load; that it is when `give_up` has come, at the latest.
    /// Tells how long others' loads were waited for, too.
    pub(super) async fn find(&self, lookup: Lookup<'_>, give_up: Instant) -> (Found, Duration) {
        if !lookup.reload
            && let Some(answer) = self.lately(lookup)
        {
            return (Found::Answer(answer), Duration::ZERO);
        }
        let mut waiting_since = None;
        let found = self.find_in_store(lookup, give_up, &mut waiting_since).await;
        let found = found.unwrap_or_else(|failure| Found::Past(Bypass::Failed(failure.name())));
        (found, waiting_since.map_or(Duration::ZERO, |since| since.elapsed()))
    }

    async fn find_in_store(
        &self,
        lookup: Lookup<'_>,
        give_up: Instant,
        waiting_since: &mut Option<Instant>,
    ) -> Result<Found, StoreError> {
        let mut pause = lookup.policy.poll_min;
        loop {
            let seen = if lookup.reload { Seen::default() } else { self.look(lookup).await? };
            let patient = !lookup.reload && Instant::now() < give_up;
            match self.step(lookup, &seen, patient).await? {
                Step::Done(found) => return Ok(found),
                Step::Again => {}
                Step::Wait => {
                    waiting_since.get_or_insert_with(Instant::now);
                    if let Some(answer) = Box::pin(self.join(lookup, &seen, give_up)).await {
                        return Ok(Found::Answer(answer));
                    }
                    self.pause(&mut pause, lookup.policy, give_up).await;
                }
            }
        }
    }

    /// What a look allows, after at most one announcement. A caller that is not `patient` does not wait for others.
    pub(super) async fn step(
        &self,
        lookup: Lookup<'_>,
        seen: &Seen,
        patient: bool,
    ) -> Result<Step, StoreError> {
        let now = self.clock.now();
        let verdict = seen.verdict(lookup, now);
        let hit = if verdict == Verdict::Hit { seen.hit(lookup, now) } else { None };
        if verdict == Verdict::Pass {
            return Ok(Step::Done(Found::Past(Bypass::TooLarge)));
        }
        if let Some(hit) = hit {
            let found = self.refresh_or(lookup, seen, hit, now).await;
            return Ok(found.map_or(Step::Again, Step::Done));
        }
        if patient && seen.is_leased(lookup, now) {
            let old = self.while_revalidating(lookup, seen, verdict, now);
            return Ok(old.map_or(Step::Wait, |answer| Step::Done(Found::Answer(answer))));
        }
        let limit = lookup.policy.store_timeout;
        let (begun, generation) = Box::pin(self.begin_fill(lookup, seen.generation, limit)).await?;
        // Somebody filled it between the look and the announcement: look again rather than load again.
        let answerable =
            matches!(judge(&begun.head, lookup.minimum, self.clock.now()), Verdict::Hit | Verdict::Pass);
        if patient && answerable && seen.head.as_ref().is_none_or(|head| !head.is_same_fill(&begun.head)) {
            return Ok(Step::Again);
        }
        if !begun.holds_lease && patient {
            return Ok(Step::Again);
        }
        let miss = if lookup.reload { MissReason::Requested } else { miss_reason(verdict) };
        Ok(Step::Done(Found::Turn(turn(begun, miss, seen, generation))))
    }

    /// A hit near the end of its fresh time is refreshed by one caller now and then, before anybody has to wait for it. Not a
    /// list that is kept for a moment only because its index may lag: it would be refreshed all the time.
    async fn refresh_or(
        &self,
        lookup: Lookup<'_>,
        seen: &Seen,
        hit: Answer,
        now: UnixMillis,
    ) -> Option<Found> {
        let policy = lookup.policy;
        let chance = seen.head.as_ref().filter(|_| hit.settled).map_or(0.0, |head| {
            let life = if head.kind == Kind::Absent { policy.absent_for } else { policy.fresh_for };
            policy.refresh_chance(head.fresh_for(now), life)
        });
        if !self.entropy.happens(chance) {
            return Some(Found::Answer(hit));
        }
        let begun = Box::pin(self.begin_fill(lookup, seen.generation, policy.store_soft_timeout)).await;
        match begun {
            Ok((begun, generation)) if begun.holds_lease => {
                Some(Found::Turn(turn(begun, MissReason::Early, seen, generation)))
            }
            // Told of a change since the look: what was seen is no hit any more.
            Ok((begun, _)) if !still_answers(seen, &begun.head) => None,
            _ => Some(Found::Answer(hit)),
        }
    }

    /// A record past its fresh time answers while the lease holder refreshes it; never a fenced one, nor a list that was
    /// built while its index may have lagged.
    fn while_revalidating(
        &self,
        lookup: Lookup<'_>,
        seen: &Seen,
        verdict: Verdict,
        now: UnixMillis,
    ) -> Option<Answer> {
        let head = seen.head.as_ref().filter(|_| verdict == Verdict::Old && seen.is_settled(lookup))?;
        let within = now < head.fresh_until + millis(lookup.policy.stale_while_revalidate);
        if within { seen.answer(Provenance::StaleWhileRevalidate) } else { None }
    }

    /// Announces a load; for a list, under its family's generation, which is begun if there is none.
    pub(super) async fn begin_fill(
        &self,
        lookup: Lookup<'_>,
        generation: Option<Generation>,
        limit: Duration,
    ) -> Result<(Begun, Option<Generation>), StoreError> {
        let policy = lookup.policy;
        let fresh = || BeginFill {
            token: self.entropy.token(),
            now: self.clock.now(),
            lease: policy.lease,
            pending_ttl: policy.pending_ttl(),
            generational: false,
        };
        let (begin, generation) = match (lookup.family, generation) {
            (None, _) => (fresh(), None),
            (Some(_), Some(known)) => {
                (BeginFill { token: known.token, generational: true, ..fresh() }, Some(known))
            }
            (Some(family), None) => {
                let first = BeginFill { lease: Duration::ZERO, pending_ttl: policy.family_ttl, ..fresh() };
                let begun = self.kept(limit, self.store.begin_fill(family, &first)).await?;
                let begun = Generation::of(&begun.head);
                (BeginFill { token: begun.token, generational: true, ..fresh() }, Some(begun))
            }
        };
        Ok((self.kept(limit, self.store.begin_fill(lookup.key, &begin)).await?, generation))
    }

    /// Waits for a load of this process, if the head just read allows joining it, while that load has the lease.
    async fn join(&self, lookup: Lookup<'_>, seen: &Seen, give_up: Instant) -> Option<Answer> {
        let head = seen.head.as_ref()?;
        let mut landing = self.flights.join(lookup.key, head.token, head.floor)?;
        let leased = Duration::from_millis(head.lease_until.saturating_sub(self.clock.now()));
        let until = give_up.min(Instant::now() + leased);
        let landed = timeout_at(until, landing.wait_for(Option::is_some)).await.ok()?.ok()?.clone()?;
        let storable = landed.storable();
        // Below the floor is what a program brought that has set the version back.
        (landed.version >= lookup.minimum.max(head.floor))
            .then_some(Answer { provenance: Provenance::Joined(storable), ..landed })
    }

    async fn pause(&self, pause: &mut Duration, policy: &Policy, give_up: Instant) {
        let until = (Instant::now() + self.entropy.shorten(*pause, 0.5)).min(give_up);
        *pause = (*pause * 2).min(policy.poll_max);
        tokio::time::sleep_until(until).await;
    }
}

/// Whether what a look has shown may still answer, by the head an announcement has returned since.
fn still_answers(seen: &Seen, begun: &Head) -> bool {
    seen.head.as_ref().is_some_and(|head| head.token == begun.token && head.version >= begun.floor)
}

fn turn(begun: Begun, miss: MissReason, seen: &Seen, generation: Option<Generation>) -> Turn {
    let mut spare = seen.clone();
    let ended = !still_answers(seen, &begun.head);
    if let Some(head) = spare.head.as_mut().filter(|_| ended) {
        // By a floor or by another life of the key: it only stands in for a failed source now.
        head.floor = head.floor.max(Version(head.version.0.saturating_add(1)));
    }
    Turn { token: begun.head.token, floor: begun.head.floor, miss, spare, generation }
}

fn miss_reason(verdict: Verdict) -> MissReason {
    match verdict {
        Verdict::Hit | Verdict::Old => MissReason::Expired,
        Verdict::Fenced => MissReason::Fenced,
        Verdict::BelowMinimum => MissReason::BelowMinimum,
        Verdict::Pending | Verdict::Unreadable | Verdict::Pass => MissReason::Empty,
    }
}
