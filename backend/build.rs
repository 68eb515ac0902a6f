//! The page is embedded from `target/page`, which `cargo xtask` builds. Where it is not built yet the folder is
//! made, empty, so that the server and its tests compile without it.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    std::fs::create_dir_all(target.join("page"))?;
    // xtask writes the stamp when the page changed. Cargo takes a file that is not there for one that has changed, and
    // would build the crate anew each time.
    let stamp = target.join("page.stamp");
    if !stamp.exists() {
        std::fs::write(&stamp, "")?;
    }
    println!("cargo::rerun-if-changed={}", stamp.display());
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
