//! A name that leads elsewhere: a TCP port that passes on to another one, which may change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes connections on.
pub struct Forwarder {
    pub port: u16,
    target: Arc<AtomicU16>,
    accepted: Arc<AtomicUsize>,
    state: watch::Sender<State>,
    refusing: Arc<AtomicBool>,
}

/// What happens to the connections of an era.
#[derive(Clone, Copy, Default)]
struct State {
    era: u64,
    silent_through: u64,
    closed_through: u64,
}

impl Forwarder {
    pub async fn to(port: u16) -> Forwarder {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let forwarder = Forwarder {
            port: listener.local_addr().unwrap().port(),
            target: Arc::new(AtomicU16::new(port)),
            accepted: Arc::default(),
            state: watch::channel(State { era: 1, ..State::default() }).0,
            refusing: Arc::default(),
        };
        let (target, accepted) = (forwarder.target.clone(), forwarder.accepted.clone());
        let (state, refusing) = (forwarder.state.clone(), forwarder.refusing.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                if refusing.load(Ordering::SeqCst) {
                    continue;
                }
                let server = TcpStream::connect(("127.0.0.1", target.load(Ordering::SeqCst))).await;
                let Ok(server) = server else { continue };
                tokio::spawn(pass(client, server, state.subscribe()));
            }
        });
        forwarder
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// New connections go there; what is open stays open.
    pub fn lead_to(&self, port: u16) {
        self.target.store(port, Ordering::SeqCst);
    }

    /// New connections are closed at once.
    pub fn refuse(&self, refuse: bool) {
        self.refusing.store(refuse, Ordering::SeqCst);
    }

    /// Closes what is open.
    pub fn hang_up(&self) {
        self.state.send_modify(|state| {
            state.closed_through = state.era;
            state.era += 1;
        });
    }

    /// Passes on nothing any more on what is open; new connections are not affected.
    pub fn silence(&self) {
        self.state.send_modify(|state| {
            state.silent_through = state.era;
            state.era += 1;
        });
    }

    /// How many connections there were.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, mut state: watch::Receiver<State>) {
    let era = state.borrow().era;
    let mut passing = Box::pin(tokio::io::copy_bidirectional(&mut client, &mut server));
    loop {
        let now = *state.borrow_and_update();
        if now.closed_through >= era {
            return;
        }
        let silent = now.silent_through >= era;
        tokio::select! {
            changed = state.changed() => if changed.is_err() { return },
            _ended = &mut passing, if !silent => return,
        }
    }
}
