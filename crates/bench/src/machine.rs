//! Where and how a measurement ran: it stands above every table.

use std::process::Command;

use serde::Serialize;

/// Where and how.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// The processor and how many cores there are.
    pub processor: String,
    /// The kernel.
    pub kernel: String,
    /// The compiler.
    pub compiler: String,
    /// The load average of the last minute as the measurement began. Above 1, tails say little.
    pub load: f64,
    /// The project's version and commit.
    pub version: String,
    /// What was typed.
    pub command: String,
}

impl Machine {
    /// This one, now.
    pub fn look() -> Machine {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model =
            info.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
        let cores = info.lines().filter(|line| line.starts_with("processor")).count();
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let commit = said("git", &["rev-parse", "--short", "HEAD"]);
        let arguments: Vec<_> = std::env::args().skip(1).collect();
        Machine {
            processor: format!("{}, {cores} cores", model.unwrap_or("unknown processor")),
            kernel: said("uname", &["-sr"]),
            compiler: said("rustc", &["--version"]),
            load: load.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(f64::NAN),
            version: format!("{} ({commit})", env!("CARGO_PKG_VERSION")),
            command: command(&arguments),
        }
    }

    /// In two lines.
    pub fn markdown(&self) -> String {
        format!(
            "{}; {}; {}; load {:.2} as it began; version {}.\nAgain with `{}`.\n",
            self.processor, self.kernel, self.compiler, self.load, self.version, self.command
        )
    }
}

/// This process, and with it every one it starts, stays on one core: times over two depend on the machine more than on the
/// program.
pub fn one_core() -> Result<(), String> {
    on_core(0).map_err(|error| error.to_string())
}

/// The same on a second core, for what would take the server's time away from it; the answer is whether there is one.
pub fn on_another_core() -> bool {
    on_core(1).is_ok()
}

fn on_core(core: usize) -> nix::Result<()> {
    let mut cores = nix::sched::CpuSet::new();
    cores.set(core)?;
    nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &cores)
}

/// All cores, for this thread and what it starts, until this is dropped: then one again.
#[must_use]
pub struct EveryCore(());

/// Takes all cores: a stack of many processes is no single function.
pub fn every_core() -> Result<EveryCore, String> {
    let mut cores = nix::sched::CpuSet::new();
    for core in 0..nix::sched::CpuSet::count() {
        // Those the machine does not have are no harm.
        cores.set(core).map_err(|error| error.to_string())?;
    }
    nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &cores)
        .map_err(|error| error.to_string())?;
    Ok(EveryCore(()))
}

impl Drop for EveryCore {
    fn drop(&mut self) {
        // It worked when the measurement began.
        let _again = one_core();
    }
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().ok();
    output
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}

/// As it was typed: without the places that `cargo xtask` adds.
fn command(arguments: &[String]) -> String {
    let typed: Vec<_> = arguments.iter().take_while(|argument| *argument != "--binaries").cloned().collect();
    format!("cargo xtask bench {}", typed.join(" ")).trim_end().to_owned()
}
