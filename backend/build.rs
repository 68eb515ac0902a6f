//! The page is embedded from `target/page`, which `cargo xtask` builds. Where it is not built yet the folder is
//! made, empty, so that the server and its tests compile without it.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    std::fs::create_dir_all(target.join("page"))?;
    // xtask writes the stamp when the page changed.
    println!("cargo::rerun-if-changed={}", target.join("page.stamp").display());
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
