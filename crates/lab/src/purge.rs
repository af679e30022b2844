//! From a change that the cache was told of to a purge of the edge: bus, queue, the catalog's own planner, CloudFront.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use cache::{UnixMillis, Version};
use catalog::edge::budget::{FREE_ITEMS, ITEM_USD};
use catalog::edge::{
    Budget, Costs, Fate, Item, Limits, Mode, Order, Purged, Reach, Rules, Timing, Update, plan, purged_by,
};
use catalog::events::product_updated;
use catalog::{Change, ChangeKind, Event, Image, ProductId, RowVersion};
use fastrand::Rng;
use tokio::time::sleep;

use crate::clock::{EPOCH, Now, Tasks, lock};
use crate::edge::Edge;
use crate::strategy::Purges;
use crate::times::{Times, bus, call, millis};
use crate::workload::{Millis, Workload};

/// An average month.
const MONTH: f64 = 30.44 * 86_400_000.0;
/// `stale-if-error` as the template has it: part of how long an answer may be in use.
const STALE_IF_ERROR: Millis = 600_000;
const CATEGORIES: usize = 8;

/// A change as the chain carries it.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) item: usize,
    pub(crate) version: u64,
    pub(crate) committed_at: Millis,
    /// Its own randomness, the same for every strategy.
    pub(crate) rng: Rng,
}

/// Purges the edge for changes.
#[derive(Debug, Clone)]
pub(crate) struct Purger {
    purges: Purges,
    times: Times,
    rules: Rules,
    budget: Budget,
    items: usize,
    edge: Arc<Mutex<Edge>>,
    state: Arc<Mutex<State>>,
    now: Now,
    tasks: Tasks,
}

#[derive(Debug, Default)]
struct State {
    /// What gathers for the next batch, each with its randomness.
    gathering: Vec<(Order, Rng)>,
    purged: HashMap<ProductId, Purged>,
    spent: u64,
}

impl Purger {
    pub(crate) fn new(
        purges: Purges,
        workload: &Workload,
        times: &Times,
        edge: Arc<Mutex<Edge>>,
        now: Now,
        tasks: Tasks,
    ) -> Self {
        let (timing, usd) = match purges {
            Purges::Planned { timing, usd } => (timing, usd),
            Purges::Never | Purges::EachChange => (Timing::Prompt, None),
        };
        let stored = times.edge_fresh + times.edge_grace + STALE_IF_ERROR + times.fence;
        let rules = Rules {
            mode: Mode::Tag,
            passes: timing.passes(),
            longest_stored: millis(stored),
            limits: Limits::default(),
            costs: Costs::default(),
        };
        // The share of a month that is played has the same share of what is free and of what may be spent.
        let part = workload.span() as f64 / MONTH;
        let free = (FREE_ITEMS as f64 * part) as u64;
        let budget = Budget::new(0, free, usd.map_or(1e9, |usd| usd * part));
        let (items, state) = (workload.items, Arc::default());
        Purger { purges, times: times.clone(), rules, budget, items, edge, state, now, tasks }
    }

    /// Items sent so far.
    pub(crate) fn spent(&self) -> u64 {
        lock(&self.state).spent
    }

    /// The cache has been told of a change by the stream's consumer.
    pub(crate) async fn told(&self, mut told: Told) {
        match self.purges {
            Purges::Never => {}
            Purges::EachChange => {
                lock(&self.state).spent += 1;
                let at = call(&mut told.rng);
                sleep(millis(at)).await;
                self.in_effect(vec![(told.item..told.item + 1, Some(told.version))], &mut told.rng);
            }
            Purges::Planned { timing, .. } => {
                // As the function reads an event's time: it had been published by the end of its second.
                let published = (EPOCH + self.now.millis()) / 1_000 * 1_000 + 999;
                sleep(millis(bus(&mut told.rng))).await;
                let wait = timing.wait(millis(self.times.fence), published, self.unix());
                sleep(wait).await;
                if let Some(update) = update(&told, published) {
                    self.gather(Order::Update(update), told.rng);
                }
            }
        }
    }

    /// Puts an order into the next batch; the first one decides when that goes.
    fn gather(&self, order: Order, rng: Rng) {
        let mut state = lock(&self.state);
        state.gathering.push((order, rng));
        if state.gathering.len() == 1 {
            let purger = self.clone();
            self.tasks.spawn(async move {
                sleep(millis(purger.times.batch_window)).await;
                purger.carry_out().await;
            });
        }
    }

    async fn carry_out(self) {
        let (orders, mut rngs): (Vec<_>, Vec<_>) =
            std::mem::take(&mut lock(&self.state).gathering).into_iter().unzip();
        let Some(rng) = rngs.first_mut() else { return };
        let plan = {
            let mut state = lock(&self.state);
            let budget = Budget { spent: state.spent, ..self.budget };
            let plan = plan(&orders, &state.purged, &self.rules, &budget, self.unix());
            state.spent += plan.items.len() as u64;
            let own = orders.iter().zip(&plan.fates).filter_map(|(order, fate)| match (order, fate) {
                (Order::Update(update), Fate::Purge(Reach::Own, _)) => Some(update),
                _ => None,
            });
            let purged = purged_by(own);
            state.purged.extend(purged);
            plan
        };
        if plan.items.is_empty() {
            return;
        }
        sleep(millis(call(rng))).await;
        let versions = versions(&orders);
        let covered = plan.items.iter().flat_map(|item| self.covered(item, &versions)).collect();
        self.in_effect(covered, rng);
        let again = plan.reached_by_updates(&orders);
        if matches!(self.purges, Purges::Planned { timing: Timing::Double, .. }) && !again.is_empty() {
            let (purger, rng) = (self.clone(), rng.fork());
            self.tasks.spawn(async move {
                sleep(millis(purger.times.fence)).await;
                purger.gather(Order::Again(again), rng);
            });
        }
    }

    /// The items' places that one item of a plan reaches, and the version it was for.
    fn covered(&self, item: &Item, versions: &BTreeMap<usize, u64>) -> Vec<(Range<usize>, Option<u64>)> {
        if *item == Item::every_product() {
            let single = versions.iter().map(|(place, version)| (*place..place + 1, Some(*version)));
            return std::iter::once((0..self.items, None)).chain(single).collect();
        }
        let number = |text: &str| text.parse::<usize>().ok();
        if let Some(category) = item.as_str().strip_prefix("#category:c-").and_then(number) {
            let members = (category..self.items).step_by(CATEGORIES);
            return members.map(|place| (place..place + 1, versions.get(&place).copied())).collect();
        }
        let place = item.as_str().strip_prefix("#product:p-").and_then(number);
        place.map(|place| (place..place + 1, versions.get(&place).copied())).into_iter().collect()
    }

    /// CloudFront has accepted a purge: it comes into effect at each location after a while of its own.
    fn in_effect(&self, covered: Vec<(Range<usize>, Option<u64>)>, rng: &mut Rng) {
        let (locations, covered) = (lock(&self.edge).locations(), Arc::new(covered));
        for location in 0..locations {
            let (delay, edge, covered) = (self.times.purge(rng), self.edge.clone(), covered.clone());
            self.tasks.spawn(async move {
                sleep(millis(delay)).await;
                let mut edge = lock(&edge);
                for (places, version) in covered.iter() {
                    places.clone().for_each(|place| edge.purge(location, place, *version));
                }
            });
        }
    }

    fn unix(&self) -> UnixMillis {
        EPOCH + self.now.millis()
    }
}

/// What a month of so many items costs, in items and US dollars.
pub(crate) fn a_month(items: u64, span: Millis) -> (u64, f64) {
    let items = (items as f64 * MONTH / span.max(1) as f64).round() as u64;
    (items, items.saturating_sub(FREE_ITEMS) as f64 * ITEM_USD)
}

/// The change as it is published, and as the edge's function reads it.
fn update(told: &Told, published: UnixMillis) -> Option<Update> {
    let category = Some(format!("c-{}", told.item % CATEGORIES));
    let image =
        |version| Some(Image { version: RowVersion::Usable(Version(version)), category: category.clone() });
    let change = Change {
        id: ProductId::parse(&format!("p-{}", told.item)).ok()?,
        kind: ChangeKind::Updated,
        before: image(told.version.saturating_sub(1)),
        after: image(told.version),
        written_at: EPOCH + told.committed_at,
    };
    let event = Event::ProductUpdated(product_updated([&change], "")?);
    let detail = serde_json::from_str(&event.detail()).ok()?;
    Update::read(&detail, Some(published)).ok()
}

/// The highest version of each item among the changes.
fn versions(orders: &[Order]) -> BTreeMap<usize, u64> {
    let mut versions = BTreeMap::new();
    for order in orders {
        let Order::Update(update) = order else { continue };
        let place = update.id.as_str().strip_prefix("p-").and_then(|number| number.parse().ok());
        if let Some(place) = place {
            let version = versions.entry(place).or_default();
            *version = update.version.0.max(*version);
        }
    }
    versions
}
