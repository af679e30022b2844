//! Tools that checks need and a bare machine lacks: installed once, below the target directory or by the package manager.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::command::{self, Failure};
use crate::program::target;

/// What is installed to check the template.
const SAM: &str = "aws-sam-cli==1.170.0";

/// The SAM CLI, in a virtual environment of its own.
pub fn sam() -> Result<PathBuf, Failure> {
    let home = target().join("tools").join("sam-1.170.0");
    let sam = home.join("bin").join("sam");
    if !sam.is_file() {
        eprintln!("installing {SAM}");
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let mut create = Command::new(python);
        create.args(["-m", "venv", "--clear"]).arg(&home);
        command::run(create)
            .map_err(|failure| format!("{failure}: Python 3 with venv is needed to check the template"))?;
        let mut install = Command::new(home.join("bin").join("pip"));
        install.args(["install", "--quiet", SAM]);
        command::run(install)?;
    }
    Ok(sam)
}

/// A headless browser, for the page's tests.
pub fn browser() -> Result<(), Failure> {
    package(&["chromium", "chromium-browser", "google-chrome"], "chromium")
}

/// A Valkey or Redis server. Installed before the tests start: several of them would try at once.
pub fn cache_server() -> Result<(), Failure> {
    package(&["valkey-server", "redis-server"], "redis-server")
}

/// One of some programs, or the package that has one.
fn package(programs: &[&str], package: &str) -> Result<(), Failure> {
    if programs.iter().any(|name| on_path(name)) {
        return Ok(());
    }
    eprintln!("installing {package}");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        // At runlevel 1 a package does not start the service it brings.
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("RUNLEVEL", "1")
            .stdout(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if apt(&["update", "-qq"]) && apt(&["install", "-y", "-qq", "--no-install-recommends", package]) {
        return Ok(());
    }
    Err(format!(
        "the tests need one of {}: install the package `{package}` and try again",
        programs.join(", ")
    ))
}

fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}
