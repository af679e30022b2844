//! One strategy at work: what every part of it shares.

use std::sync::{Arc, Mutex};

use cache::KeyError;
use fastrand::Rng;
use tokio::time::sleep;

use crate::clock::{Now, Purpose, Tasks, draws, lock};
use crate::edge::{Edge, Met, Reader};
use crate::faults::Faults;
use crate::purge::Purger;
use crate::strategy::{Api, CacheAside, Origin, Served, Strategy, Tidemark};
use crate::table::Table;
use crate::tally::Level;
use crate::times::{Times, edge_way, millis};
use crate::wire::Wire;
use crate::workload::{Millis, Workload};

/// A strategy, its levels, and what was seen of them.
pub(crate) struct Scene {
    pub(crate) strategy: Strategy,
    pub(crate) seed: u64,
    pub(crate) now: Now,
    pub(crate) tasks: Tasks,
    pub(crate) table: Arc<Table>,
    pub(crate) origin: Box<dyn Origin>,
    pub(crate) edge: Arc<Mutex<Edge>>,
    pub(crate) purger: Purger,
    /// The highest version of each item that an acknowledged invalidation told the cache of.
    told: Mutex<Vec<u64>>,
    ways: Mutex<Rng>,
    pub(crate) at_edge: Mutex<Level>,
    pub(crate) at_api: Mutex<Level>,
}

impl Scene {
    pub(crate) fn new(
        strategy: &Strategy,
        workload: &Workload,
        faults: &Faults,
        times: &Times,
    ) -> Result<Scene, KeyError> {
        let (now, tasks, items) = (Now::start(), Tasks::default(), workload.items);
        let draws = |purpose| draws(workload.seed, purpose);
        let table = Arc::new(Table::new(items, faults.lagging_index, now, draws(Purpose::Table)));
        let wire = Wire::new(draws(Purpose::Wire), faults.frozen_functions, tasks.clone());
        let origin: Box<dyn Origin> = match strategy.api {
            Api::Engine => Box::new(Tidemark::new(
                items,
                workload.processes,
                table.clone(),
                wire,
                draws(Purpose::Engine),
            )?),
            Api::Aside { ttl, filling } => Box::new(CacheAside::new(
                items,
                (ttl, filling),
                table.clone(),
                wire,
                (now, draws(Purpose::Engine)),
            )),
        };
        let edge = Arc::new(Mutex::new(Edge::new(workload.locations, items, times)));
        let purger = Purger::new(strategy.purges, workload, times, edge.clone(), now, tasks.clone());
        Ok(Scene {
            strategy: strategy.clone(),
            seed: workload.seed,
            now,
            tasks,
            table,
            origin,
            edge,
            purger,
            told: Mutex::new(vec![0; items]),
            ways: Mutex::new(draws(Purpose::Way)),
            at_edge: Mutex::default(),
            at_api: Mutex::default(),
        })
    }

    /// A read at the edge; whether somebody must ask the API on its behalf.
    pub(crate) fn read_at_edge(&self, began: Millis, location: usize, item: usize) -> bool {
        let commits = lock(&self.table.commits);
        let mut edge = lock(&self.edge);
        let reader = Reader { item, began, newest: commits.current(item), floor: edge.floor(location, item) };
        match edge.meet(location, reader) {
            Met::Answer { version, refresh } => {
                let missed_at = || commits.missed_at(item, version);
                lock(&self.at_edge).answered(reader, version, true, missed_at);
                refresh
            }
            Met::Nothing { fetch } => fetch,
        }
    }

    /// Asks the API on behalf of the edge, and answers whoever waits.
    pub(crate) async fn fetch(self: Arc<Self>, location: usize, item: usize, process: usize) {
        let (there, back) = {
            let mut rng = lock(&self.ways);
            (edge_way(&mut rng), edge_way(&mut rng))
        };
        sleep(millis(there)).await;
        let served = self.read_at_api(item, process).await;
        sleep(millis(back)).await;
        let answer = served.map(|served| (served.version, served.storable));
        let waiting = lock(&self.edge).arrived((location, item), answer, self.now.millis());
        let (commits, mut level) = (lock(&self.table.commits), lock(&self.at_edge));
        for reader in waiting {
            match answer {
                Some((version, _)) => {
                    level.answered(reader, version, false, || commits.missed_at(item, version));
                }
                None => level.failed(),
            }
        }
    }

    /// A read at the API.
    pub(crate) async fn read_at_api(&self, item: usize, process: usize) -> Option<Served> {
        let reader = Reader {
            item,
            began: self.now.millis(),
            newest: lock(&self.table.commits).current(item),
            floor: lock(&self.told)[item],
        };
        let served = self.origin.read(item, process).await;
        let (commits, mut level) = (lock(&self.table.commits), lock(&self.at_api));
        match served {
            Some(Served { version, hit, .. }) => {
                level.answered(reader, version, hit, || commits.missed_at(item, version));
            }
            None => level.failed(),
        }
        served
    }

    /// Tells the cache of a version until that is acknowledged.
    pub(crate) async fn tell(&self, item: usize, version: u64) {
        while !self.origin.invalidate(item, version).await {}
        let told = &mut lock(&self.told)[item];
        *told = version.max(*told);
    }
}
