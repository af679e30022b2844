//! Tools that checks need and a bare machine lacks: installed once, below the target directory or by the package manager.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::command::{self, Failure};
use crate::program::target;

/// The SAM CLI, the transform it works with, and the linter that sees the transform's result.
const SAM: [&str; 3] = ["aws-sam-cli==1.170.0", "aws-sam-translator==1.115.0", "cfn-lint==1.58.0"];
/// Its pins and the SAM CLI's exclude each other.
const CHECKOV: [&str; 1] = ["checkov==3.3.30"];
/// The emulator and the client it was tried with.
const MINISTACK: [&str; 4] =
    ["ministack==1.5.33", "aws-sam-translator==1.115.0", "botocore==1.43.106", "boto3==1.43.106"];
/// What builds for Lambda, and its linker.
const CARGO_LAMBDA: [&str; 2] = ["cargo-lambda==1.9.2", "ziglang==0.17.0"];

/// The folder of `sam`, `cfn-lint` and a `python` that knows the transform.
pub fn sam() -> Result<PathBuf, Failure> {
    environment("sam", &SAM)
}

/// The folder of `checkov`.
pub fn checkov() -> Result<PathBuf, Failure> {
    environment("checkov", &CHECKOV)
}

/// The folder of `ministack`, an emulator of AWS, and a `python` with AWS's client.
pub fn ministack() -> Result<PathBuf, Failure> {
    environment("ministack", &MINISTACK)
}

/// The folder of `cargo-lambda`.
pub fn cargo_lambda() -> Result<PathBuf, Failure> {
    environment("cargo-lambda", &CARGO_LAMBDA)
}

/// The folder of a `python` that has what the functions' rivals in Python use.
pub fn python_rivals() -> Result<PathBuf, Failure> {
    environment("bench", &["redis==5.2.1", "boto3==1.35.99"])
}

/// The programs' folder of a Python environment that has exactly these packages; made if it is not there or has others.
fn environment(name: &str, packages: &[&str]) -> Result<PathBuf, Failure> {
    let home = target().join("tools").join(name);
    let programs = home.join("bin");
    // Written last: an installation that was broken off begins anew.
    let stamp = home.join("installed");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(programs);
    }
    eprintln!("installing {}", packages.join(", "));
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut create = Command::new(python);
    create.args(["-m", "venv", "--clear"]).arg(&home);
    command::run(create).map_err(|failure| format!("{failure}: Python 3 with venv is needed"))?;
    let mut install = Command::new(programs.join("pip"));
    install.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages);
    command::run(install)?;
    std::fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(programs)
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

/// Whether a program is on the path.
pub fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}
