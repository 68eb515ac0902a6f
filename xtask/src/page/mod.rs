//! The page: compiled by cargo, bundled by Trunk, made small by wasm-opt, compressed, and put into `target/page`,
//! from where the server's build takes it in. Built only when something it depends on changed.
//!
//! Beside it: `target/page.inputs` says from what it was built, `target/page.stamp` what it is. The server's build
//! script watches the latter, so a build that came to the same page doesn't rebuild the server.

mod compress;
mod fingerprint;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use self::fingerprint::Fingerprint;
use crate::setup::Tools;
use crate::step::{Log, Step};
use crate::workspace::{self, Profile};

/// What the page is built from, in the workspace's folder.
const INPUTS: [&str; 5] = ["frontend", "shared", "Cargo.lock", "Cargo.toml", "Trunk.toml"];

/// What Rust puts into its modules and browsers have had since 2023; wasm-opt is told because the profile strips
/// the section that says so.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// The finished page.
pub(crate) fn dir() -> PathBuf {
    workspace::target().join("page")
}

/// Builds the page, unless it is there already. The tools may come by earlier steps.
pub(crate) fn step(profile: Profile) -> Result<Option<Step>> {
    let current = Tools::find().and_then(|tools| is_current(&inputs(&tools, profile)?));
    if current.unwrap_or(false) {
        return Ok(None);
    }
    let first = !workspace::target().join("page.inputs").exists();
    let estimate = Duration::from_secs(if first { 240 } else { 90 });
    Ok(Some(Step::new("Building the page", estimate, move |log| build(profile, log))))
}

/// The server can't be compiled without a page's folder, be it empty.
pub(crate) fn ensure_dir() -> Result<()> {
    fs::create_dir_all(dir()).context("creating target/page")
}

fn build(profile: Profile, log: &Log) -> Result<()> {
    let tools = Tools::find()?;
    let lock = workspace::target().join("xtask").join("page.lock");
    fs::create_dir_all(lock.parent().context("a lock has a folder")?)?;
    let lock = File::create(lock)?;
    lock.lock().context("waiting for another build of the page")?;

    let inputs = inputs(&tools, profile)?;
    if is_current(&inputs)? {
        return Ok(());
    }
    let next = workspace::target().join("page.next");
    remove_dir(&next)?;
    compile(&tools, profile, log)?;
    bundle(&tools, profile, &next, log)?;
    if profile == Profile::Release {
        if tools.has_wasm_opt {
            optimise(&tools, &next, log)?;
        }
        compress::all_in(&next)?;
    }
    put_in_place(&next)?;
    fs::write(workspace::target().join("page.inputs"), inputs)?;
    Ok(())
}

/// The compilation, before Trunk does the same and finds it done: Trunk must not fetch tools (`offline`), and then
/// lets cargo fetch no crates either.
fn compile(tools: &Tools, profile: Profile, log: &Log) -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--target=wasm32-unknown-unknown", "--manifest-path"]);
    cargo.arg(workspace::root().join("frontend/Cargo.toml")).args(["--profile", cargo_profile(profile)]);
    tools.prepare(&mut cargo)?;
    log.run(&cargo)
}

fn bundle(tools: &Tools, profile: Profile, dist: &Path, log: &Log) -> Result<()> {
    let mut trunk = Command::new("trunk");
    trunk
        .current_dir(workspace::root())
        .args([
            "build",
            "--offline",
            "true",
            "--skip-version-check",
            "--cargo-profile",
            cargo_profile(profile),
            "--dist",
        ])
        .arg(dist)
        // Trunk takes its value for an argument, and `1` for a wrong one.
        .env_remove("NO_COLOR");
    tools.prepare(&mut trunk)?;
    log.run(&trunk)
}

/// By us and not by Trunk, which would fail where there is no wasm-opt.
fn optimise(tools: &Tools, dir: &Path, log: &Log) -> Result<()> {
    for file in files(dir)?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "wasm")) {
        let small = file.with_extension("small");
        let mut wasm_opt = Command::new("wasm-opt");
        wasm_opt.arg("-Oz").args(WASM_FEATURES).arg(&file).arg("-o").arg(&small);
        tools.prepare(&mut wasm_opt)?;
        log.run(&wasm_opt)?;
        fs::rename(small, file)?;
    }
    Ok(())
}

/// Replaces the page by the new one, if they differ.
fn put_in_place(next: &Path) -> Result<()> {
    let (page, stamp) = (dir(), workspace::target().join("page.stamp"));
    let mut content = Fingerprint::new();
    content.add(next, next)?;
    let content = content.finish();
    if fs::read_to_string(&stamp).is_ok_and(|present| present == content) && page.join("index.html").is_file()
    {
        return remove_dir(next);
    }
    remove_dir(&page)?;
    fs::rename(next, &page).context("moving the page to target/page")?;
    Ok(fs::write(stamp, content)?)
}

fn inputs(tools: &Tools, profile: Profile) -> Result<String> {
    let root = workspace::root();
    let mut inputs = Fingerprint::new();
    for input in INPUTS {
        inputs.add(&root, &root.join(input))?;
    }
    inputs.add_text(&tools.versions());
    inputs.add_text(cargo_profile(profile));
    Ok(inputs.finish())
}

fn is_current(inputs: &str) -> Result<bool> {
    let built_from = fs::read_to_string(workspace::target().join("page.inputs")).unwrap_or_default();
    Ok(built_from == inputs && dir().join("index.html").is_file())
}

fn cargo_profile(profile: Profile) -> &'static str {
    match profile {
        Profile::Release => "page",
        Profile::Debug => "dev",
    }
}

/// All files in a folder and in those within it, in the order of their names.
fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

fn remove_dir(dir: &Path) -> Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    fs::remove_dir_all(dir).with_context(|| format!("removing {}", dir.display()))
}
