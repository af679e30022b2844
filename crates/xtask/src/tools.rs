//! Tools that checks need and a bare machine lacks: installed once, below the target directory or by the package manager.

use std::path::{Path, PathBuf};
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

/// A headless browser for the page's tests.
pub fn browser() -> Result<(), Failure> {
    let there = ["chromium", "chromium-browser", "google-chrome"].iter().any(|name| on_path(name));
    if there {
        return Ok(());
    }
    eprintln!("installing chromium");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if apt(&["update", "-qq"]) && apt(&["install", "-y", "-qq", "--no-install-recommends", "chromium"]) {
        return Ok(());
    }
    Err("the page's tests need Chromium: install the package `chromium` and try again".to_owned())
}

fn on_path(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder: PathBuf| is_program(&folder.join(name)))
    })
}

fn is_program(path: &Path) -> bool {
    path.is_file()
}
