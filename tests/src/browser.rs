//! A real browser, used as a person does: by the roles and names that a screen reader would say, with real clicks and
//! keys.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;
use xtask::process::{Output, Tethered};

use crate::cdp::Cdp;

/// Longer than anything on the page takes: reached only by what never comes.
const NEVER: Duration = Duration::from_secs(240);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What Chromium says, in its profile.
const LOG: &str = "said.log";

/// The size of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// A laptop: 1440 by 900.
    Wide,
    /// A phone: 390 by 844.
    Phone,
}

/// The colours that the system asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// A headless Chromium with one page. Dropping it ends it.
pub struct Browser {
    _process: Tethered,
    cdp: Cdp,
    name: String,
    errors: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    /// Starts one. `name` goes into the names of its screenshots.
    pub async fn start(width: Width, scheme: Scheme) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let mut chromium = Command::new("chromium");
        chromium
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--hide-scrollbars", "--remote-debugging-port=0"])
            // Containers have little of it: pages would crash.
            .arg("--disable-dev-shm-usage")
            // A page that Chromium takes to be out of sight is drawn no more.
            .args(["--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows"])
            .arg("--disable-background-timer-throttling")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank");
        let log = File::create(profile.path().join(LOG))?;
        let mut process = Tethered::spawn(&chromium, Output::File(log))?;
        let url = debugger_url(&mut process, &profile).await?;
        let cdp = Cdp::connect(&url).await?;
        let name = format!("{width:?}-{scheme:?}").to_lowercase();
        let mut browser = Self { _process: process, cdp, name, errors: Vec::new(), _profile: profile };
        for domain in ["Page", "DOM", "Runtime", "Log", "Accessibility", "Network"] {
            browser.cdp.call(&format!("{domain}.enable"), json!({})).await?;
        }
        let (x, y, mobile) = match width {
            Width::Wide => (1440, 900, false),
            Width::Phone => (390, 844, true),
        };
        let metrics = json!({ "width": x, "height": y, "deviceScaleFactor": 1, "mobile": mobile });
        browser.cdp.call("Emulation.setDeviceMetricsOverride", metrics).await?;
        let scheme = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        browser.cdp.call("Emulation.setEmulatedMedia", features).await?;
        Ok(browser)
    }

    /// Goes to an address.
    pub async fn open(&mut self, url: &str) -> Result<()> {
        self.cdp.call("Page.navigate", json!({ "url": url })).await?;
        Ok(())
    }

    /// Waits until there is something of this role whose name contains `name`, it stands still, and nothing covers it;
    /// clicks in its middle.
    pub async fn click(&mut self, role: &str, name: &str) -> Result<()> {
        let end = Instant::now() + NEVER;
        loop {
            let node = self.find(role, name).await?;
            match self.middle_of(node).await {
                Ok((x, y)) => return self.click_at(x, y).await,
                // The page may have made it anew meanwhile.
                Err(_) if Instant::now() < end => sleep(LOOK_AGAIN).await,
                Err(error) => return Err(error.context(format!("clicking {role} “{name}”"))),
            }
        }
    }

    /// Waits for it, empties it, and types.
    pub async fn fill(&mut self, role: &str, name: &str, text: &str) -> Result<()> {
        let node = self.find(role, name).await?;
        self.cdp.call("DOM.focus", json!({ "backendNodeId": node })).await?;
        self.call_on(node, "function() { this.select(); }", &[]).await?;
        self.cdp.call("Input.insertText", json!({ "text": text })).await?;
        Ok(())
    }

    /// Waits for a list to choose from, and chooses by the value's text.
    pub async fn choose(&mut self, name: &str, text: &str) -> Result<()> {
        let node = self.find("combobox", name).await?;
        let choose = "function(text) {
            const option = [...this.options].find(option => option.text === text);
            if (!option) throw new Error('no such option: ' + text);
            this.value = option.value;
            this.dispatchEvent(new Event('input', { bubbles: true }));
            this.dispatchEvent(new Event('change', { bubbles: true }));
        }";
        self.call_on(node, choose, &[json!(text)]).await?;
        Ok(())
    }

    /// Presses a key, for example `Tab`, `Enter` or `ArrowDown`.
    pub async fn press(&mut self, key: &str) -> Result<()> {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            "End" => (35, ""),
            "Home" => (36, ""),
            "ArrowDown" => (40, ""),
            other => bail!("no code for the key {other}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({
                "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code,
                "text": if kind == "keyDown" { text } else { "" },
            });
            self.cdp.call("Input.dispatchKeyEvent", event).await?;
        }
        Ok(())
    }

    /// Waits until the focus is on what has this role and this name.
    pub async fn see_focus(&mut self, role: &str, name: &str) -> Result<()> {
        let end = Instant::now() + NEVER;
        loop {
            // While it moves there may be nothing that has it.
            let focused = self.focused().await;
            if focused.as_ref().is_ok_and(|(its_role, its_name)| its_role == role && its_name == name) {
                return Ok(());
            }
            ensure!(Instant::now() < end, "the focus never was on {role} “{name}”, but on {focused:?}");
            sleep(LOOK_AGAIN).await;
        }
    }

    /// The role and name of what has the focus.
    async fn focused(&mut self) -> Result<(String, String)> {
        let object =
            self.cdp.call("Runtime.evaluate", json!({ "expression": "document.activeElement" })).await?;
        let object = &object["result"]["objectId"];
        let tree = self
            .cdp
            .call("Accessibility.getPartialAXTree", json!({ "objectId": object, "fetchRelatives": false }))
            .await?;
        let node = &tree["nodes"][0];
        Ok((said(node, "role"), said(node, "name")))
    }

    /// Waits until there is something of this role whose name contains `name`.
    pub async fn see(&mut self, role: &str, name: &str) -> Result<()> {
        self.find(role, name).await.map(drop)
    }

    /// Waits until the text of something of this role and name contains `text`, and gives the whole text.
    pub async fn see_text(&mut self, role: &str, name: &str, text: &str) -> Result<String> {
        let said = format!("“{text}”");
        self.see_that(role, name, &said, |seen| seen.contains(text)).await
    }

    /// Waits until the text of something of this role and name is as `wanted`, which `what` says in words, and gives the
    /// text.
    pub async fn see_that(
        &mut self,
        role: &str,
        name: &str,
        what: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let end = Instant::now() + NEVER;
        loop {
            let node = self.find(role, name).await?;
            let seen =
                self.call_on(node, "function() { return this.innerText; }", &[]).await.unwrap_or_default();
            let seen = seen.as_str().unwrap_or_default().to_owned();
            if wanted(&seen) {
                return Ok(seen);
            }
            if Instant::now() > end {
                let text = self.evaluate("document.body.innerText").await?;
                self.screenshot("never-said").await?;
                bail!(
                    "{role} “{name}” never said {what}, but:\n{seen}\n\nThe page says:\n{}",
                    text.as_str().unwrap_or_default()
                );
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// How many of this role there are whose name contains `name`, now.
    pub async fn count(&mut self, role: &str, name: &str) -> Result<usize> {
        Ok(self.all(role, name).await?.len())
    }

    /// Waits until there are at least so many of this role whose name contains `name`.
    pub async fn see_many(&mut self, role: &str, name: &str, least: usize) -> Result<()> {
        let end = Instant::now() + NEVER;
        while self.count(role, name).await? < least {
            ensure!(Instant::now() < end, "there never were {least} of {role} “{name}”");
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Waits until there is none of this role whose name contains `name`.
    pub async fn see_none(&mut self, role: &str, name: &str) -> Result<()> {
        let end = Instant::now() + NEVER;
        while !self.all(role, name).await?.is_empty() {
            if Instant::now() > end {
                bail!("{role} “{name}” never went away");
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Runs a script in the page and gives its value; a promise is waited for.
    pub async fn evaluate(&mut self, script: &str) -> Result<Value> {
        let parameters = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let result = self.cdp.call("Runtime.evaluate", parameters).await?;
        if let Some(exception) = result.get("exceptionDetails") {
            bail!("the page threw {exception}");
        }
        Ok(result["result"]["value"].clone())
    }

    /// Keeps a picture of the page, from its top to its end, in `tests/artifacts`.
    pub async fn screenshot(&mut self, name: &str) -> Result<()> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("artifacts");
        fs::create_dir_all(&folder)?;
        let picture = self
            .cdp
            .call("Page.captureScreenshot", json!({ "format": "png", "captureBeyondViewport": true }))
            .await?;
        let bytes = BASE64_STANDARD.decode(picture["data"].as_str().context("a picture")?)?;
        fs::write(folder.join(format!("{name}-{}.png", self.name)), bytes)?;
        Ok(())
    }

    /// What axe-core finds wrong with the page as it is, of serious or critical impact.
    pub async fn accessibility_violations(&mut self, axe: &str) -> Result<Vec<String>> {
        self.evaluate(axe).await?;
        let found = self.evaluate("axe.run(document, { resultTypes: ['violations'] })").await?;
        let violations = found["violations"].as_array().context("axe's answer")?;
        Ok(violations
            .iter()
            .filter(|violation| matches!(violation["impact"].as_str(), Some("serious" | "critical")))
            .map(|violation| {
                let nodes = violation["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
                let nodes: Vec<_> = nodes.iter().map(|node| node["html"].to_string()).take(3).collect();
                format!("{}: {}", violation["help"], nodes.join(", "))
            })
            .collect())
    }

    /// Everything that the page complained about in its console so far, uncaught errors and blocked content included.
    pub async fn console_errors(&mut self) -> Result<Vec<String>> {
        // An answer to this comes after all events before it.
        self.evaluate("0").await?;
        for event in self.cdp.take_events() {
            let parameters = &event["params"];
            let complaint = match event["method"].as_str() {
                Some("Runtime.exceptionThrown") => true,
                Some("Runtime.consoleAPICalled") => parameters["type"] == "error",
                Some("Log.entryAdded") => parameters["entry"]["level"] == "error",
                _ => false,
            };
            if complaint {
                self.errors.push(parameters.to_string());
            }
        }
        Ok(self.errors.clone())
    }

    async fn find(&mut self, role: &str, name: &str) -> Result<u64> {
        let end = Instant::now() + NEVER;
        loop {
            if let Some(node) = self.all(role, name).await?.first() {
                return Ok(*node);
            }
            if Instant::now() > end {
                let text = self.evaluate("document.body.innerText").await?;
                self.screenshot("never-came").await?;
                bail!(
                    "there never was a {role} “{name}”; the page says:\n{}",
                    text.as_str().unwrap_or_default()
                );
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// The nodes of a role whose name contains `name`, exact matches first.
    async fn all(&mut self, role: &str, name: &str) -> Result<Vec<u64>> {
        let document = self.cdp.call("DOM.getDocument", json!({ "depth": 0 })).await?;
        let query = json!({ "nodeId": document["root"]["nodeId"], "role": role });
        // The document may be replaced between the two calls; then there is nothing yet.
        let Ok(found) = self.cdp.call("Accessibility.queryAXTree", query).await else {
            return Ok(Vec::new());
        };
        let nodes = found["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut matches: Vec<(bool, u64)> = nodes
            .iter()
            .filter(|node| node["ignored"] != true && said(node, "name").contains(name))
            .filter_map(|node| Some((said(node, "name") != name, node["backendDOMNodeId"].as_u64()?)))
            .collect();
        matches.sort_by_key(|(inexact, _)| *inexact);
        Ok(matches.into_iter().map(|(_, node)| node).collect())
    }

    /// Scrolls to it, and waits until it stands still: what has just arrived may move it.
    async fn middle_of(&mut self, node: u64) -> Result<(f64, f64)> {
        self.cdp.call("DOM.scrollIntoViewIfNeeded", json!({ "backendNodeId": node })).await?;
        let mut corners = self.corners(node).await?;
        loop {
            self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
                .await?;
            let before = std::mem::replace(&mut corners, self.corners(node).await?);
            if before == corners {
                break;
            }
        }
        let middle = |first: usize| corners.iter().skip(first).step_by(2).sum::<f64>() / 4.0;
        let (x, y) = (middle(0), middle(1));
        let is_hit = "function(x, y) { return this.contains(document.elementFromPoint(x, y)); }";
        let is_hit = self.call_on(node, is_hit, &[json!(x), json!(y)]).await?;
        ensure!(is_hit == true, "something else is in its place");
        Ok((x, y))
    }

    async fn click_at(&mut self, x: f64, y: f64) -> Result<()> {
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.cdp.call("Input.dispatchMouseEvent", event).await?;
        }
        Ok(())
    }

    /// Where it is: x and y of its four corners.
    async fn corners(&mut self, node: u64) -> Result<Vec<f64>> {
        let quads = self.cdp.call("DOM.getContentQuads", json!({ "backendNodeId": node })).await?;
        let corners = quads["quads"][0].as_array().context("it is visible")?;
        Ok(corners.iter().filter_map(Value::as_f64).collect())
    }

    async fn call_on(&mut self, node: u64, function: &str, arguments: &[Value]) -> Result<Value> {
        let object = self.cdp.call("DOM.resolveNode", json!({ "backendNodeId": node })).await?;
        let arguments: Vec<Value> = arguments.iter().map(|value| json!({ "value": value })).collect();
        let call = json!({
            "objectId": object["object"]["objectId"], "functionDeclaration": function,
            "arguments": arguments, "returnByValue": true,
        });
        let result = self.cdp.call("Runtime.callFunctionOn", call).await?;
        if let Some(exception) = result.get("exceptionDetails") {
            bail!("the page threw {exception}");
        }
        Ok(result["result"]["value"].clone())
    }
}

fn said(node: &Value, what: &str) -> String {
    node[what]["value"].as_str().unwrap_or_default().to_owned()
}

/// Chromium writes the address of its debugger into its profile once it listens.
async fn debugger_url(process: &mut Tethered, profile: &TempDir) -> Result<String> {
    let file = profile.path().join("DevToolsActivePort");
    let end = Instant::now() + NEVER;
    while Instant::now() < end {
        if let Ok(text) = fs::read_to_string(&file)
            && let Some((port, path)) = text.trim().split_once('\n')
        {
            return Ok(format!("ws://127.0.0.1:{port}{path}"));
        }
        if let Some(status) = process.try_wait()? {
            let said = fs::read_to_string(profile.path().join(LOG))?;
            bail!("Chromium does not start ({status}): is the package chromium installed?\n{said}");
        }
        sleep(LOOK_AGAIN).await;
    }
    bail!("Chromium did not say where its debugger is")
}
