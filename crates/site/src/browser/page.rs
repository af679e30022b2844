//! A page in a browser.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::BrowserError;
use super::connection::{Connection, Events};

/// How long anything on a page may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a page is looked at with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// Whether its owner prefers dark colours.
    pub dark: bool,
    /// Whether its owner prefers that nothing moves.
    pub still: bool,
}

/// A key to press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// To the next element.
    Tab,
    /// To the element before.
    BackTab,
    /// Follows a link, presses a button.
    Enter,
    /// Presses a button, ticks a box.
    Space,
}

/// A page in a browser.
pub struct Page {
    connection: Connection,
    session: String,
    events: Arc<Events>,
}

impl Page {
    pub(super) async fn open(
        connection: Connection,
        url: &str,
        device: &Device,
    ) -> Result<Page, BrowserError> {
        let context = connection.call(None, "Target.createBrowserContext", json!({})).await?;
        let target = json!({"url": "about:blank", "browserContextId": context["browserContextId"]});
        let target = connection.call(None, "Target.createTarget", target).await?;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = connection.call(None, "Target.attachToTarget", attach).await?;
        let session = attached["sessionId"].as_str().unwrap_or_default().to_owned();
        let page = Page { events: connection.events(&session), connection, session };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            page.call(domain, json!({})).await?;
        }
        page.become_device(device).await?;
        page.call("Emulation.setFocusEmulationEnabled", json!({"enabled": true})).await?;
        let opened = page.call("Page.navigate", json!({"url": url})).await?;
        if let Some(reason) = opened["errorText"].as_str() {
            return Err(BrowserError::Refused { method: format!("GET {url}"), reason: reason.to_owned() });
        }
        patiently(format!("{url} to load"), page.events.until("Page.loadEventFired")).await?;
        Ok(page)
    }

    async fn become_device(&self, device: &Device) -> Result<(), BrowserError> {
        let (width, height) = (device.width, device.height);
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", metrics).await?;
        let scheme = if device.dark { "dark" } else { "light" };
        let motion = if device.still { "reduce" } else { "no-preference" };
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features})).await?;
        Ok(())
    }

    /// The value of an expression, awaited if it is a promise.
    pub async fn evaluate(&self, expression: &str) -> Result<Value, BrowserError> {
        let parameters = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let what = format!("the value of {expression}");
        let mut answer = patiently(what, self.call("Runtime.evaluate", parameters)).await??;
        match answer.get("exceptionDetails") {
            Some(details) => {
                let thrown = details["exception"]["description"].as_str().or(details["text"].as_str());
                Err(BrowserError::Threw(thrown.unwrap_or_default().to_owned()))
            }
            None => Ok(answer["result"]["value"].take()),
        }
    }

    /// Waits until an expression is true. It is looked at whenever the document changes.
    pub async fn until(&self, expression: &str) -> Result<(), BrowserError> {
        let promise = format!(
            "new Promise((done) => {{
                const look = () => {{ if ({expression}) {{ observer.disconnect(); done(true); }} }};
                const observer = new MutationObserver(look);
                const everything = {{ subtree: true, childList: true, attributes: true, characterData: true }};
                observer.observe(document, everything);
                look();
            }})"
        );
        match self.evaluate(&promise).await {
            Ok(_) => Ok(()),
            Err(BrowserError::InVain { seconds, .. }) => {
                let page = self.evaluate("document.body.innerText").await?;
                let what = format!("{expression}; the page says: {}", page.as_str().unwrap_or_default());
                Err(BrowserError::InVain { what, seconds })
            }
            Err(other) => Err(other),
        }
    }

    /// Presses a key where the focus is.
    pub async fn press(&self, key: Key) -> Result<(), BrowserError> {
        let (name, code, text, shift) = match key {
            Key::Tab => ("Tab", 9, "", false),
            Key::BackTab => ("Tab", 9, "", true),
            Key::Enter => ("Enter", 13, "\r", false),
            Key::Space => (" ", 32, " ", false),
        };
        let modifiers = if shift { 8 } else { 0 };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({
                "type": kind, "key": name, "code": if name == " " { "Space" } else { name },
                "windowsVirtualKeyCode": code, "modifiers": modifiers,
            });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.call("Input.dispatchKeyEvent", event).await?;
        }
        Ok(())
    }

    /// What the console complained of so far: errors, warnings, uncaught exceptions, violations of the policy.
    pub fn complaints(&self) -> Vec<String> {
        self.events.all(|event| {
            let details = &event["params"];
            match event["method"].as_str()? {
                "Runtime.exceptionThrown" => Some(details["exceptionDetails"].to_string()),
                "Runtime.consoleAPICalled"
                    if matches!(details["type"].as_str()?, "error" | "warning" | "assert") =>
                {
                    Some(details["args"].to_string())
                }
                "Log.entryAdded" if matches!(details["entry"]["level"].as_str()?, "error" | "warning") => {
                    Some(details["entry"].to_string())
                }
                _ => None,
            }
        })
    }

    /// Writes what is to be seen to a PNG file: of the window, or of the whole page.
    pub async fn screenshot(&self, file: &Path, whole: bool) -> Result<(), BrowserError> {
        let mut parameters = json!({"format": "png", "captureBeyondViewport": whole});
        if whole {
            let layout = self.call("Page.getLayoutMetrics", json!({})).await?;
            parameters["clip"] = layout["cssContentSize"].clone();
            parameters["clip"]["scale"] = 1.into();
        }
        let shot = self.call("Page.captureScreenshot", parameters).await?;
        let bytes = STANDARD.decode(shot["data"].as_str().unwrap_or_default());
        std::fs::write(file, bytes.map_err(std::io::Error::other)?)?;
        Ok(())
    }

    async fn call(&self, method: &str, parameters: Value) -> Result<Value, BrowserError> {
        self.connection.call(Some(&self.session), method, parameters).await
    }
}

async fn patiently<T>(what: String, future: impl Future<Output = T>) -> Result<T, BrowserError> {
    let seconds = PATIENCE.as_secs();
    tokio::time::timeout(PATIENCE, future).await.map_err(|_| BrowserError::InVain { what, seconds })
}
