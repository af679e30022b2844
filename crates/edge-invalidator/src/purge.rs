//! Look up, plan, call, remember.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cache::{Clock, UnixMillis};
use catalog::ProductId;
use catalog::edge::{
    Budget, Edge, EdgeError, Fate, Item, Ledger, Mode, Month, Order, Plan, Purged, Reach, Rules, Timing,
    Update, plan, purged_by,
};
use edge_cloudfront::reference;

use crate::config::Config;
use crate::message::{Content, purge_again};
use crate::queue::Queue;
use crate::report::Report;

/// Items of one message for a second purge: 500 of the longest stay below SQS's 256 KiB.
const ITEMS_PER_MESSAGE: usize = 500;

/// Carries out orders.
pub struct Purger {
    edge: Arc<dyn Edge>,
    ledger: Arc<dyn Ledger>,
    queue: Arc<dyn Queue>,
    clock: Arc<dyn Clock>,
    rules: Rules,
    timing: Timing,
    fence: Duration,
    budget: Budget,
    items_per_call: usize,
    /// What this process knows of the month's count, for when the ledger does not answer.
    last_known: Mutex<Option<(Month, u64)>>,
}

/// What an order came to: it is done, or it must come back.
pub type Outcome = Result<(), EdgeError>;

impl Purger {
    /// Purges `edge` within what `ledger` says is left, and sends second purges to `queue`.
    pub fn new(
        config: &Config,
        edge: Arc<dyn Edge>,
        ledger: Arc<dyn Ledger>,
        queue: Arc<dyn Queue>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Purger {
            edge,
            ledger,
            queue,
            clock,
            rules: config.rules,
            timing: config.timing,
            fence: config.fence,
            budget: Budget::new(0, config.free_items, config.budget_usd),
            items_per_call: config.items_per_call,
            last_known: Mutex::new(None),
        }
    }

    /// Carries out orders together; tells what each came to, and reports.
    pub async fn purge(&self, contents: &[Content], report: &mut Report) -> Vec<Outcome> {
        let now = self.clock.now();
        let month = Month::of(now);
        let orders: Vec<_> = contents.iter().map(|content| content.order.clone()).collect();
        let (purged, spent) = tokio::join!(self.purged(&orders), self.spent(&month));
        let budget = Budget { spent, ..self.budget };
        let plan = plan(&orders, &purged, &self.rules, &budget, now);
        let (accepted, refusal) = self.call(&plan, contents, &month, now).await;
        let mut outcomes: Vec<Outcome> =
            plan.fates.iter().map(|fate| outcome(fate, &accepted, &refusal)).collect();
        if self.timing == Timing::Double {
            self.send_again(&orders, &plan, contents, &mut outcomes).await;
        }
        self.remember(&orders, &plan, &outcomes, now).await;
        report.orders += orders.len();
        report.items += accepted.iter().filter(|accepted| **accepted).count();
        for (fate, _) in plan.fates.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok()) {
            report.count(fate);
        }
        for ((content, fate), outcome) in contents.iter().zip(&plan.fates).zip(&outcomes) {
            report.follow(content, fate, outcome, self.clock.now());
        }
        report.put_off += outcomes.iter().filter(|outcome| outcome.is_err()).count();
        (report.spent, report.allowance) = (self.recall(&month), self.budget.allowance);
        outcomes
    }

    /// Sends the plan's items; tells which were accepted, and why the rest was not. After the first refusal no more are
    /// tried: what throttles one call would throttle the next.
    async fn call(
        &self,
        plan: &Plan,
        contents: &[Content],
        month: &Month,
        now: UnixMillis,
    ) -> (Vec<bool>, Option<EdgeError>) {
        let mut accepted = vec![false; plan.items.len()];
        for (call, items) in plan.items.chunks(self.items_per_call).enumerate() {
            let first = call * self.items_per_call;
            let served = |fate: &Fate| match fate {
                Fate::Purge(_, places) => {
                    places.iter().any(|place| (first..first + items.len()).contains(place))
                }
                Fate::Nothing(_) => false,
            };
            let events = contents.iter().zip(&plan.fates).filter(|(_, fate)| served(fate));
            let reference = reference(items, events.map(|(content, _)| content.event.as_str()));
            if let Err(refusal) = self.invalidate(items, &reference, now).await {
                tracing::warn!(error = %refusal, items = items.len(), "nothing was purged; the messages will come back");
                return (accepted, Some(refusal));
            }
            accepted[first..first + items.len()].fill(true);
            self.spend(month, items.len() as u64).await;
        }
        (accepted, None)
    }

    async fn invalidate(&self, items: &[Item], reference: &str, now: UnixMillis) -> Result<(), EdgeError> {
        match self.edge.invalidate(items, reference).await {
            // What was asked under the reference was something else: this still has to be asked, under another.
            Err(EdgeError::AlreadyAsked) => self.edge.invalidate(items, &format!("{reference}-{now}")).await,
            result => result,
        }
    }

    /// Has what was purged for changes purged again after the fence delay. A change whose second purge cannot be
    /// arranged comes back to have its first one repeated.
    async fn send_again(
        &self,
        orders: &[Order],
        plan: &Plan,
        contents: &[Content],
        outcomes: &mut [Outcome],
    ) {
        let mut first_purges = Vec::new();
        let mut places = BTreeSet::new();
        for (at, (order, fate)) in orders.iter().zip(&plan.fates).enumerate() {
            if let (Order::Update(_), Fate::Purge(_, reached), Ok(())) = (order, fate, &outcomes[at]) {
                first_purges.push(at);
                places.extend(reached.iter().copied());
            }
        }
        let items: Vec<_> = places.into_iter().map(|place| plan.items[place].clone()).collect();
        let events: Vec<_> = first_purges.iter().map(|at| contents[*at].event.as_str()).collect();
        for items in items.chunks(ITEMS_PER_MESSAGE) {
            let body = purge_again(items, &reference(items, events.iter().copied()));
            if let Err(error) = self.queue.send(&body, self.fence).await {
                tracing::warn!(error = %error, "the second purge was not arranged; the messages will come back");
                for at in first_purges {
                    outcomes[at] = Err(EdgeError::Failed(error.to_string()));
                }
                return;
            }
        }
    }

    /// What was purged lately of the products of updates that have a place in their order: no other can be covered.
    async fn purged(&self, orders: &[Order]) -> HashMap<ProductId, Purged> {
        let ordered = orders.iter().filter_map(|order| match order {
            Order::Update(update) if update.ordered => Some(update.id.clone()),
            Order::Update(_) | Order::Again(_) => None,
        });
        let ids: Vec<_> = ordered.collect::<BTreeSet<_>>().into_iter().collect();
        if ids.is_empty() || self.rules.mode == Mode::TtlOnly {
            return HashMap::new();
        }
        self.ledger.purged(&ids).await.unwrap_or_else(|error| {
            tracing::warn!(error = %error, "what was purged is not known; some of it is purged again");
            HashMap::new()
        })
    }

    async fn remember(&self, orders: &[Order], plan: &Plan, outcomes: &[Outcome], now: UnixMillis) {
        let reached = orders.iter().zip(&plan.fates).zip(outcomes);
        let own: Vec<&Update> = reached
            .filter_map(|((order, fate), outcome)| match (order, fate, outcome) {
                (Order::Update(update), Fate::Purge(Reach::Own, _), Ok(())) => Some(update),
                _ => None,
            })
            .collect();
        let purged: Vec<_> = purged_by(own).into_iter().collect();
        if purged.is_empty() {
            return;
        }
        // A message that comes later than this is too old in any case.
        let until = now + u64::try_from(self.rules.longest_stored.as_millis()).unwrap_or_default();
        if let Err(error) = self.ledger.record(&purged, until).await {
            tracing::warn!(error = %error, "what was purged is not remembered; some of it may be purged again");
        }
    }

    async fn spent(&self, month: &Month) -> u64 {
        if self.rules.mode == Mode::TtlOnly {
            return self.recall(month);
        }
        match self.ledger.spent(month).await {
            Ok(spent) => self.learn(month, spent),
            Err(error) => {
                tracing::warn!(error = %error, "what was spent is not known; this process's own count stands in");
                self.recall(month)
            }
        }
    }

    async fn spend(&self, month: &Month, items: u64) {
        let spent = self.ledger.spend(month, items).await.unwrap_or_else(|error| {
            tracing::warn!(error = %error, items, "what was spent is not counted");
            self.recall(month) + items
        });
        self.learn(month, spent);
    }

    fn recall(&self, month: &Month) -> u64 {
        let known = self.last_known.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(of, _)| of == month).map_or(0, |(_, spent)| *spent)
    }

    fn learn(&self, month: &Month, spent: u64) -> u64 {
        *self.last_known.lock().unwrap_or_else(PoisonError::into_inner) = Some((month.clone(), spent));
        spent
    }
}

fn outcome(fate: &Fate, accepted: &[bool], refusal: &Option<EdgeError>) -> Outcome {
    match (fate, refusal) {
        (Fate::Purge(_, places), Some(refusal)) if !places.iter().all(|place| accepted[*place]) => {
            Err(refusal.clone())
        }
        _ => Ok(()),
    }
}
