//! `.env.local`: what `cargo lambda watch --env-file .env.local` needs to run functions against this stack.

use std::path::{Path, PathBuf};

use crate::functions::Wiring;
use crate::stack::StartError;

/// The file; it is removed when this is dropped, since the ports in it are then gone.
#[derive(Debug)]
pub struct EnvFile(PathBuf);

impl EnvFile {
    /// Writes the file.
    pub fn write(path: &Path, wiring: &Wiring) -> Result<EnvFile, StartError> {
        let lines: String =
            wiring.environment().into_iter().map(|(name, value)| format!("{name}={value}\n")).collect();
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
