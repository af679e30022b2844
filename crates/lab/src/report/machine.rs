//! Where a report was made.

use std::fmt::{self, Display};
use std::process::Command;

use serde::Serialize;

/// The machine and the versions a report was made with. What cannot be told is empty.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// How many cores there are.
    pub cores: usize,
    /// How many processes wanted to run, over the last minute.
    pub load: String,
    /// The compiler.
    pub rustc: String,
    /// The workspace's version and commit.
    pub tidemark: String,
    /// Whether the lab was compiled with optimisation for release.
    pub profile: &'static str,
}

impl Machine {
    /// This one, now.
    pub fn this() -> Machine {
        let said = |program: &str, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).output().ok();
            let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
            text.unwrap_or_default()
        };
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpu = read("/proc/cpuinfo");
        let processor = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let commit = said("git", &["-C", env!("CARGO_MANIFEST_DIR"), "rev-parse", "--short", "HEAD"]);
        Machine {
            processor: processor.map(|(_, name)| name.to_owned()).unwrap_or_default(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            load: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
            rustc: said("rustc", &["--version"]),
            tidemark: format!("{} {commit}", env!("CARGO_PKG_VERSION")),
            profile: if cfg!(debug_assertions) { "dev" } else { "release" },
        }
    }
}

impl Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { processor, cores, load, rustc, tidemark, profile } = self;
        write!(f, "{cores} × {processor}, load {load}; {rustc}; tidemark {tidemark} ({profile} profile)")
    }
}
