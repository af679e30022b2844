//! `.env.local`: what `cargo lambda watch --env-file .env.local` needs to run functions against this stack, and where
//! `cargo xtask trace` and `cargo xtask top` find it.

use std::path::{Path, PathBuf};

use crate::functions::Wiring;
use crate::observe::client;
use crate::stack::StartError;

/// The file; it is removed when this is dropped, since the ports in it are then gone.
#[derive(Debug)]
pub struct EnvFile(PathBuf);

impl EnvFile {
    /// Writes the file. `observe` is where the stack tells of itself.
    pub fn write(path: &Path, wiring: &Wiring, observe: &str) -> Result<EnvFile, StartError> {
        let here = (client::NAME.to_owned(), observe.to_owned());
        let pairs = wiring.environment().into_iter().chain([here]);
        let lines: String = pairs.map(|(name, value)| format!("{name}={value}\n")).collect();
        std::fs::write(path, lines).map_err(|error| {
            let reason = format!("{} cannot be written: {error}", path.display());
            StartError::Part { what: ".env.local", reason }
        })?;
        Ok(EnvFile(path.to_owned()))
    }
}

impl Drop for EnvFile {
    fn drop(&mut self) {
        // Nothing is left to tell if it is gone already.
        let _already_gone = std::fs::remove_file(&self.0);
    }
}
