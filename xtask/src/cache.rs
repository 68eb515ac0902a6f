//! Where downloaded and built tools are kept between runs: `$XDG_CACHE_HOME/kafka-workshop`, else
//! `~/.cache/kafka-workshop`. What is in it is complete: see [`install`].

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

const UNFINISHED: &str = ".unfinished-";
const STALE_AFTER: Duration = Duration::from_secs(4 * 60 * 60);

/// The cache's folder, which need not exist.
pub fn dir() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").map(PathBuf::from) {
        Some(dir) if dir.is_absolute() => dir,
        _ => env::home_dir().context("no home directory: set HOME or XDG_CACHE_HOME")?.join(".cache"),
    };
    Ok(base.join("kafka-workshop"))
}

/// The folder of one tool, such as `tools/trunk-0.21.14`.
pub fn tool(name: &str, version: &str) -> Result<PathBuf> {
    Ok(dir()?.join("tools").join(format!("{name}-{version}")))
}

/// Waits until no other process is at what `name` stands for, and keeps them waiting until the file is dropped.
pub fn lock(name: &str) -> Result<File> {
    let dir = dir()?;
    fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
    let path = dir.join(format!("{name}.lock"));
    let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
    file.lock().with_context(|| format!("waiting for {}", path.display()))?;
    Ok(file)
}

/// Fills `target` by `fill`, which writes to a temporary folder beside it. The folder gets its name only when
/// `fill` succeeded, so an interrupted installation never looks done.
pub fn install(target: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let parent = target.parent().context("a cache folder has a parent")?;
    fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
    sweep(parent);
    let unfinished = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(parent)
        .with_context(|| format!("creating a folder in {}", parent.display()))?;
    let inner = unfinished.path().join("it");
    fs::create_dir(&inner)?;
    fill(&inner)?;
    match fs::rename(&inner, target) {
        Ok(()) => Ok(()),
        // Another process finished first: the same version, so the same thing.
        Err(_) if target.is_dir() => Ok(()),
        Err(error) => Err(error).with_context(|| format!("moving the installation to {}", target.display())),
    }
}

/// Removes what installations left that were killed; those of the last hours may still run.
fn sweep(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED)) {
        let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        if age > Some(STALE_AFTER) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn an_installation_that_failed_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("tool-1");
        let failed = install(&target, |unfinished| {
            fs::write(unfinished.join("half"), "")?;
            bail!("interrupted")
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_installation_appears_whole_and_a_second_one_is_harmless() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("tool-1");
        for _ in 0..2 {
            install(&target, |unfinished| Ok(fs::write(unfinished.join("whole"), "yes")?)).unwrap();
        }
        assert_eq!(fs::read_to_string(target.join("whole")).unwrap(), "yes");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
