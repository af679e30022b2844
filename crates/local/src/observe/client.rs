//! How the commands find the running stack, and ask it.

use std::path::Path;

use serde::de::DeserializeOwned;

/// What names the address in `.env.local`.
pub const NAME: &str = "OBSERVE_URL";

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is no such file, or it does not name the address.
    #[error("no stack is running here ({0} does not say where it is): start one with `cargo xtask up`")]
    NoStack(String),
    /// Nobody answers there.
    #[error("the stack does not answer: {0}")]
    Silent(#[from] reqwest::Error),
}

/// A running stack.
#[derive(Debug, Clone)]
pub struct Client {
    url: String,
    http: reqwest::Client,
}

impl Client {
    /// The stack that wrote this file.
    pub fn find(env_file: &Path) -> Result<Client, AskError> {
        let text = std::fs::read_to_string(env_file).unwrap_or_default();
        let url = text.lines().find_map(|line| line.strip_prefix(NAME)?.strip_prefix('='));
        let url = url.ok_or_else(|| AskError::NoStack(env_file.display().to_string()))?;
        Ok(Client { url: url.to_owned(), http: reqwest::Client::new() })
    }

    /// Asks for a path with parameters.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> Result<T, AskError> {
        let query = parameters.iter().map(|(name, value)| format!("{name}={}", escaped(value)));
        let url = format!("{}{path}?{}", self.url, query.collect::<Vec<_>>().join("&"));
        Ok(self.http.get(url).send().await?.error_for_status()?.json().await?)
    }
}

/// Everything but letters, digits and what ids are made of, by its bytes.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let each = text
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_file_no_stack_is_running() {
        let error = Client::find(Path::new("/nowhere/.env.local")).unwrap_err().to_string();
        assert!(error.contains("cargo xtask up"), "{error}");
    }

    #[test]
    fn ids_are_escaped() {
        assert_eq!(escaped("b-1@8&é"), "b-1%408%26%C3%A9");
    }
}
