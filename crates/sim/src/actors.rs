//! Readers, writers, the stream, decay.

use std::fmt::{self, Display};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cache::contract::Control;
use cache::memory::MemoryStore;
use cache::{Answer, Cache, GetError, Key, LoadError, Loaded, Lookup, Version};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::sleep;

use crate::chance::Chance;
use crate::flaw::Flaw;
use crate::history::History;
use crate::link::Freezer;
use crate::plan::{INDEX_LAG, Plan};
use crate::source::{Change, Source, State, Write, number_in, numbers_in, render};

/// Beyond every message and load that can still matter.
const TELL_LIMIT: Duration = Duration::from_secs(1 << 20);

/// What every actor shares.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) plan: Arc<Plan>,
    pub(crate) chance: Chance,
    pub(crate) source: Source,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) keys: Arc<Vec<Key>>,
    /// The list of all items, and the family it belongs to.
    pub(crate) list: Key,
    pub(crate) family: Key,
    pub(crate) history: Arc<Mutex<History>>,
    pub(crate) flaw: Option<Flaw>,
}

/// A process: a cache of its own, and whether it runs.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) name: usize,
    pub(crate) cache: Arc<Cache>,
    pub(crate) freezer: Freezer,
}

impl Scene {
    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn pause(&self) {
        sleep(self.chance.millis(0..=self.plan.pause)).await;
    }

    fn some_item(&self) -> usize {
        self.chance.number(0..=self.plan.items as u64 - 1) as usize
    }

    fn size(&self) -> usize {
        self.chance.number(0..=self.plan.body) as usize
    }

    /// A strongly consistent load: the row as it is at some moment between the question and the answer.
    async fn load(&self, process: &Process, item: usize, begun: Option<State>) -> Result<Loaded, LoadError> {
        let way = || self.chance.millis(0..=self.plan.load_delay);
        let (there, back) = (way(), way());
        process.freezer.running().await;
        sleep(there).await;
        let state = match self.flaw {
            Some(Flaw::EventualLoads) => self.source.before(item, self.chance.millis(0..=50)),
            Some(Flaw::LoadBeforeAnnouncement) => begun,
            _ => self.source.now(item),
        };
        sleep(back).await;
        process.freezer.running().await;
        if self.chance.percent(self.plan.failing) {
            return Err(LoadError::Unavailable("throttled".into()));
        }
        render(state)
    }
}

/// Reads items one by one, several at once, and the list.
pub(crate) async fn reader(scene: Scene, process: Process) {
    let mut seen = vec![Version::ZERO; scene.plan.items];
    for _ in 0..scene.plan.reads {
        scene.pause().await;
        process.freezer.running().await;
        match scene.chance.number(0..=9) {
            0 => read_all(&scene, &process).await,
            1 => read_list(&scene, &process).await,
            _ => read_one(&scene, &process, &mut seen).await,
        }
    }
}

async fn read_one(scene: &Scene, process: &Process, seen: &mut [Version]) {
    let item = scene.some_item();
    // Now and then it wants nothing below what it has seen, as a session does.
    let minimum = if scene.chance.percent(20) { seen[item] } else { Version::ZERO };
    let reload = scene.chance.percent(5);
    let asked = scene.history().asks(item, minimum);
    let lookup = Lookup { minimum, reload, ..Lookup::of(&scene.keys[item], &scene.plan.policy) };
    let begun = scene.source.now(item);
    let result = process.cache.get_or_load(lookup, || scene.load(process, item, begun)).await;
    if let Ok(answer) = &result {
        seen[item] = seen[item].max(answer.version);
    }
    let mut history = scene.history();
    history.note(format_args!("process {} reads item {item}: {}", process.name, Shown(&result)));
    history.got(asked, &result, scene.plan.policy.local_ttl, &scene.source);
}

async fn read_all(scene: &Scene, process: &Process) {
    let asked: Vec<_> = (0..scene.plan.items).map(|item| scene.history().asks(item, Version::ZERO)).collect();
    let begun: Vec<_> = (0..scene.plan.items).map(|item| scene.source.now(item)).collect();
    let load = async |places: Vec<usize>| {
        let loads = places.into_iter().map(|item| scene.load(process, item, begun[item]));
        futures::future::join_all(loads).await
    };
    let results = process.cache.get_many(&scene.plan.policy, &scene.keys, load).await;
    let mut history = scene.history();
    for (asked, result) in asked.into_iter().zip(&results) {
        history.note(format_args!(
            "process {} reads all, item {}: {}",
            process.name,
            asked.item,
            Shown(result)
        ));
        history.got(asked, result, scene.plan.policy.local_ttl, &scene.source);
    }
}

async fn read_list(scene: &Scene, process: &Process) {
    let asked = scene.history().asks(0, Version::ZERO);
    // A timed copy would only add its time to that of the index.
    let policy = cache::Policy { local_ttl: Duration::ZERO, ..scene.plan.policy.clone() };
    let lookup = Lookup { family: Some(&scene.family), ..Lookup::of(&scene.list, &policy) };
    let load = || async {
        process.freezer.running().await;
        sleep(scene.chance.millis(0..=scene.plan.delay)).await;
        let lag = scene.chance.millis(0..=INDEX_LAG.as_millis() as u64);
        let states = (0..scene.plan.items).map(|item| scene.source.before(item, lag));
        let numbers: Vec<_> = states.map(|state| state.map_or(0, |state| state.number).to_string()).collect();
        sleep(scene.chance.millis(0..=scene.plan.delay)).await;
        process.freezer.running().await;
        Ok(Loaded::Found { version: Version::ZERO, body: numbers.join(" ").into() })
    };
    let result = process.cache.get_or_load(lookup, load).await;
    let mut history = scene.history();
    history.note(format_args!("process {} reads the list: {}", process.name, Shown(&result)));
    if let Ok(answer) = &result
        && let cache::Content::Live { body, .. } = &answer.content
    {
        history.got_list(asked, answer, &numbers_in(body));
    }
}

/// Writes, tells the cache itself more often than not, and leaves the rest to the stream.
pub(crate) async fn writer(scene: Scene, process: Process, stream: UnboundedSender<Change>) {
    const WRITES: [Write; 9] = [
        Write::Update,
        Write::Update,
        Write::Update,
        Write::Foreign,
        Write::Lower,
        Write::Delete,
        Write::Create,
        Write::Create,
        Write::CreateLow,
    ];
    for _ in 0..scene.plan.writes {
        scene.pause().await;
        process.freezer.running().await;
        let (item, write, size) = (scene.some_item(), *scene.chance.one_of(&WRITES), scene.size());
        let Some(change) = scene.source.commit(item, write, size) else { continue };
        scene.history().note(format_args!("{write:?} of item {item}: state {}", change.number));
        // The stream lives as long as the writers do.
        let _ = stream.send(change);
        if write != Write::Foreign && scene.chance.percent(60) {
            tell(&scene, &process, &change, "the writer").await;
        }
    }
}

/// Tells of each change in order, again and again until it is acknowledged; of some once more, later.
pub(crate) async fn stream(scene: Scene, process: Process, mut changes: UnboundedReceiver<Change>) {
    while let Some(change) = changes.recv().await {
        scene.pause().await;
        while !tell(&scene, &process, &change, "the stream").await {}
        while process.cache.renew_family(&scene.family, TELL_LIMIT).await.is_err() {}
        scene.history().renewed(&change, INDEX_LAG + scene.plan.policy.unsettled_for);
        if scene.chance.percent(20) {
            let (scene, process) = (scene.clone(), process.clone());
            tokio::spawn(async move {
                scene.pause().await;
                tell(&scene, &process, &change, "a duplicate").await;
            });
        }
    }
}

async fn tell(scene: &Scene, process: &Process, change: &Change, who: &str) -> bool {
    let key = &scene.keys[change.item];
    let grew_to = match scene.flaw {
        Some(Flaw::CreateByVersion) if matches!(change.write, Write::Create | Write::CreateLow) => {
            Some(change.version)
        }
        Some(Flaw::NeverForced) => Some(change.version),
        _ => change.grew_to,
    };
    if scene.flaw == Some(Flaw::AcknowledgedEarly) {
        scene.history().acknowledged(change, change.grew_to);
    }
    let told = match grew_to {
        Some(version) => process.cache.raise_floor(key, version, TELL_LIMIT).await,
        None => process.cache.drop_item(key, TELL_LIMIT).await,
    };
    let mut history = scene.history();
    history.note(format_args!("{who} tells of item {} state {}: {told:?}", change.item, change.number));
    if told.is_ok() {
        history.acknowledged(change, change.grew_to);
    }
    told.is_ok()
}

/// The store forgets.
pub(crate) async fn decay(scene: Scene) {
    for _ in 0..scene.plan.losses {
        sleep(scene.chance.millis(0..=2 * scene.plan.pause)).await;
        let key = scene.chance.one_of(&scene.keys).clone();
        let what = match scene.chance.number(0..=3) {
            0 => {
                scene.store.flush().await;
                "everything".to_owned()
            }
            1 => {
                scene.store.evict(&scene.family).await;
                "the family".to_owned()
            }
            2 => {
                scene.store.expire(&key).await;
                key.to_string()
            }
            _ => {
                scene.store.evict(&key).await;
                key.to_string()
            }
        };
        scene.history().note(format_args!("the store forgets {what}"));
    }
}

/// Processes stand still, some for long.
pub(crate) async fn frost(scene: Scene, processes: Vec<Process>) {
    for _ in 0..scene.plan.freezes {
        scene.pause().await;
        let process = scene.chance.one_of(&processes);
        let span = Duration::from_millis(*scene.chance.one_of(&[20, 200, 3_600_000]));
        process.freezer.freeze(span);
        scene.history().note(format_args!("process {} freezes for {span:?}", process.name));
    }
}

/// A result in a line of the history.
struct Shown<'a>(&'a Result<Answer, GetError>);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ok(answer) => {
                match number_in(answer) {
                    Some(number) => write!(f, "state {number}")?,
                    None => f.write_str("absent")?,
                }
                write!(f, ", version {}, {:?}", answer.version, answer.provenance)
            }
            Err(error) => error.fmt(f),
        }
    }
}
