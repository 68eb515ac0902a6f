//! A node's formatted storage. Kafka's own StorageTool takes two seconds for each node; what it writes differs only
//! in the node's ids. So it runs once for each version of Kafka, and its result is kept beside the jars.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::Installation;

/// Any 16 bytes in base64 will do: the data never outlives the cluster.
const CLUSTER_ID: &str = "a2Fma2Etd29ya3Nob3AtMQ";

/// The file that StorageTool writes beside `meta.properties`: the features that the cluster starts with.
const CHECKPOINT: &str = "bootstrap.checkpoint";

/// Enough for StorageTool; neither the roles nor the ports are in what it writes.
const SETTINGS: &str = "\
process.roles=controller
node.id=1
controller.quorum.voters=1@127.0.0.1:9093
controller.listener.names=CONTROLLER
listeners=CONTROLLER://127.0.0.1:9093
";

/// Formats `data` as the storage of the node with this id.
pub(super) fn format(installation: &Installation, data: &Path, id: u32) -> Result<()> {
    let kept = installation.home().join(CHECKPOINT);
    if !kept.is_file() {
        keep_checkpoint(installation, &kept).context("formatting Kafka's storage")?;
    }
    fs::create_dir(data)?;
    fs::copy(&kept, data.join(CHECKPOINT))?;
    fs::write(data.join("meta.properties"), meta_properties(id))?;
    Ok(())
}

fn meta_properties(id: u32) -> String {
    // 22 characters of base64, the last of which has only two bits that count.
    let directory_id = format!("KafkaWorkshopNode{id:0>4}A");
    format!("version=1\ncluster.id={CLUSTER_ID}\nnode.id={id}\ndirectory.id={directory_id}\n")
}

fn keep_checkpoint(installation: &Installation, kept: &Path) -> Result<()> {
    // Beside the jars, so that the last step is a rename, which another process can't see half done.
    let scratch = tempfile::tempdir_in(installation.home())?;
    let (settings, data) = (scratch.path().join("server.properties"), scratch.path().join("data"));
    fs::write(&settings, format!("{SETTINGS}log.dirs={}\n", data.display()))?;
    let output = installation
        .command("kafka.tools.StorageTool", &["-Xmx128m".to_owned(), "-XX:TieredStopAtLevel=1".to_owned()])
        .args(["format", "-t", CLUSTER_ID, "-c"])
        .arg(&settings)
        .output()
        .context("running Kafka's StorageTool")?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!("StorageTool failed:\n{}", String::from_utf8_lossy(&said));
    }
    Ok(fs::rename(data.join(CHECKPOINT), kept)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_directory_id_is_sixteen_bytes_in_base64() {
        for id in [1, 100, 9999] {
            let meta = meta_properties(id);
            let directory = meta.lines().find_map(|line| line.strip_prefix("directory.id=")).unwrap();
            assert_eq!(directory.len(), 22);
            assert!(directory.ends_with('A'));
        }
    }
}
