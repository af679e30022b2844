//! Chromium's process.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;

use super::BrowserError;
use super::connection::Connection;
use super::page::{Device, Page};

/// The names Chromium is installed under.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// No window, nothing that talks to anyone but the page, nothing that needs privileges.
const FLAGS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
];

/// How long Chromium may take to go away when asked to.
const FAREWELL: Duration = Duration::from_secs(5);

/// A headless Chromium with a new, empty profile. It is killed when dropped; [`Browser::close`] is kinder.
pub struct Browser {
    connection: Connection,
    child: Child,
    said: JoinHandle<String>,
    // Removed last: Chromium's processes write to it to their end.
    _profile: TempDir,
}

impl Browser {
    /// Starts the program that the environment variable `CHROMIUM` names, or the first that is found on the path.
    pub async fn launch() -> Result<Browser, BrowserError> {
        let named = std::env::var("CHROMIUM").ok().filter(|name| !name.is_empty());
        let path = std::env::var_os("PATH").unwrap_or_default();
        let directories: Vec<_> = std::env::split_paths(&path).collect();
        let program = find(named.as_deref(), &directories).ok_or(BrowserError::NotInstalled)?;
        let profile = tempfile::Builder::new().prefix("chromium-").tempdir()?;
        // Chromium reads messages from descriptor 3 and writes them to descriptor 4.
        let mut child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#])
            .arg(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().join("profile").display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(BrowserError::Ended("it has no pipes".to_owned()));
        };
        let said = tokio::spawn(everything(stderr));
        let browser = Browser { connection: Connection::new(stdin, stdout), child, said, _profile: profile };
        match browser.connection.call(None, "Browser.getVersion", json!({})).await {
            Ok(_) => Ok(browser),
            Err(_) => Err(BrowserError::Ended(browser.said.await.unwrap_or_default())),
        }
    }

    /// Opens an address as this device, with cookies and a cache of its own, and waits until it has loaded.
    pub async fn open(&self, url: &str, device: &Device) -> Result<Page, BrowserError> {
        Page::open(self.connection.clone(), url, device).await
    }

    /// Ends Chromium and removes its profile.
    pub async fn close(mut self) {
        // It may end before it answers.
        let _ = self.connection.call(None, "Browser.close", json!({})).await;
        // Each of its processes holds the pipe it complains to: the last to go closes it.
        if tokio::time::timeout(FAREWELL, &mut self.said).await.is_err() {
            let _ = self.child.start_kill();
        }
        let _ = self.child.wait().await;
    }
}

/// What Chromium complained of, when it has ended: the last of it, in one line.
async fn everything(mut stderr: ChildStderr) -> String {
    let mut said = Vec::new();
    // What was read before an error is still worth telling.
    let _ = stderr.read_to_end(&mut said).await;
    let said = String::from_utf8_lossy(&said);
    let mut last: Vec<_> = said.lines().rev().take(5).collect();
    last.reverse();
    last.join(" / ")
}

fn find(named: Option<&str>, directories: &[PathBuf]) -> Option<PathBuf> {
    // An absolute path stays what it is when joined.
    let on_path =
        |name: &str| directories.iter().map(|directory| directory.join(name)).find(|file| file.is_file());
    match named {
        Some(name) => on_path(name),
        None => PROGRAMS.into_iter().find_map(on_path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_chromium_one_line_says_what_to_install() {
        let nowhere = [PathBuf::from("/nowhere")];
        assert_eq!(find(None, &nowhere), None);
        assert_eq!(find(Some("no-such-program"), &nowhere), None);
        assert_eq!(find(Some("/bin/sh"), &nowhere), Some(PathBuf::from("/bin/sh")));
        let message = BrowserError::NotInstalled.to_string();
        assert!(message.contains("apt-get install chromium") && message.lines().count() == 1, "{message}");
    }
}
