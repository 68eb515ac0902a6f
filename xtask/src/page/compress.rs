//! The page's files in brotli and gzip, made once here rather than at each request.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};

/// Pictures and fonts are compressed already.
const COMPRESSIBLE: [&str; 9] = ["css", "html", "ico", "js", "json", "svg", "txt", "wasm", "webmanifest"];

/// Puts `NAME.br` and `NAME.gz` beside each file in `dir` that gets smaller by it.
pub(super) fn all_in(dir: &Path) -> Result<()> {
    let compressible = |file: &PathBuf| {
        file.extension().is_some_and(|extension| COMPRESSIBLE.iter().any(|known| extension == *known))
    };
    let files: Vec<_> = super::files(dir)?.into_iter().filter(compressible).collect();
    thread::scope(|scope| {
        let one = |file, encode, extension| scope.spawn(move || compress(file, encode, extension));
        let running: Vec<_> = files
            .iter()
            .flat_map(|file| [one(file, brotli as Encode, "br"), one(file, gzip as Encode, "gz")])
            .collect();
        running.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })
}

type Encode = fn(&[u8]) -> Result<Vec<u8>>;

fn compress(file: &Path, encode: Encode, extension: &str) -> Result<()> {
    let content = fs::read(file)?;
    let small = encode(&content).with_context(|| format!("compressing {}", file.display()))?;
    if small.len() < content.len() {
        let mut name = OsString::from(file);
        name.push(".");
        name.push(extension);
        fs::write(name, small)?;
    }
    Ok(())
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
    let mut small = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut small, &parameters)?;
    Ok(small)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_compressed_unpacks_to_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let content = "let the page be small; ".repeat(100);
        fs::write(dir.path().join("a.js"), &content).unwrap();
        all_in(dir.path()).unwrap();

        let mut unpacked = Vec::new();
        let brotli = fs::read(dir.path().join("a.js.br")).unwrap();
        brotli::BrotliDecompress(&mut &brotli[..], &mut unpacked).unwrap();
        assert_eq!(unpacked, content.as_bytes());

        let mut unpacked = String::new();
        let gzip = fs::File::open(dir.path().join("a.js.gz")).unwrap();
        flate2::read::GzDecoder::new(gzip).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, content);
    }

    #[test]
    fn what_does_not_get_smaller_or_is_compressed_already_stays_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.js"), "1").unwrap();
        fs::write(dir.path().join("a.png"), "1".repeat(1000)).unwrap();
        all_in(dir.path()).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
