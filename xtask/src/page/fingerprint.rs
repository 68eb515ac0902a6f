//! A short text that differs when files differ: in a name, in content, in which there are.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::Path;

use anyhow::{Context, Result};

/// Not against malice, and not the same in each version of Rust: the worst that happens is one more build.
pub(super) struct Fingerprint(DefaultHasher);

impl Fingerprint {
    pub(super) fn new() -> Self {
        Self(DefaultHasher::new())
    }

    /// Takes in a file, or all in a folder; named as seen from `root`.
    pub(super) fn add(&mut self, root: &Path, path: &Path) -> Result<()> {
        if !path.is_dir() {
            return self.add_file(root, path);
        }
        for file in super::files(path)? {
            self.add_file(root, &file)?;
        }
        Ok(())
    }

    pub(super) fn add_text(&mut self, text: &str) {
        self.add_bytes(text.as_bytes());
    }

    pub(super) fn finish(self) -> String {
        format!("{:016x}", self.0.finish())
    }

    fn add_file(&mut self, root: &Path, file: &Path) -> Result<()> {
        let name = file.strip_prefix(root).unwrap_or(file);
        self.add_text(&name.to_string_lossy());
        let content = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        self.add_bytes(&content);
        Ok(())
    }

    /// With its length, so that what ends one text can't begin the next.
    fn add_bytes(&mut self, bytes: &[u8]) {
        self.0.write_usize(bytes.len());
        self.0.write(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> String {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let file = dir.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        let mut fingerprint = Fingerprint::new();
        fingerprint.add(dir.path(), dir.path()).unwrap();
        fingerprint.finish()
    }

    #[test]
    fn the_same_files_elsewhere_are_the_same() {
        assert_eq!(of(&[("src/a", "1"), ("b", "2")]), of(&[("b", "2"), ("src/a", "1")]));
    }

    #[test]
    fn a_name_a_content_and_their_border_count() {
        let one = of(&[("a", "bc")]);
        for other in [of(&[("ab", "c")]), of(&[("a", "bd")]), of(&[("a", "bc"), ("d", "")])] {
            assert_ne!(one, other);
        }
    }
}
