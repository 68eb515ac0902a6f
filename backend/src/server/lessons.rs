//! The lessons that the server hands out: those inside it, or those of a folder, read again at each request so that
//! an author sees a change on reload.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::lessons::{LessonError, Lessons};

/// Where lessons come from.
pub(super) enum Library {
    Embedded(Arc<Lessons>),
    Folder(PathBuf),
}

impl Library {
    /// Opens the folder, or the built-in lessons. Fails with the mistakes that are in them.
    pub(super) fn open(folder: Option<PathBuf>) -> Result<Self, String> {
        match folder {
            None => Ok(Self::Embedded(Arc::new(Lessons::embedded().map_err(|errors| said(&errors))?))),
            Some(folder) => {
                let folder = folder.join("lessons");
                read_folder(&folder)?;
                Ok(Self::Folder(folder))
            }
        }
    }

    /// The lessons as they are now, or what is wrong with them.
    pub(super) async fn read(&self) -> Result<Arc<Lessons>, String> {
        match self {
            Self::Embedded(lessons) => Ok(Arc::clone(lessons)),
            Self::Folder(folder) => {
                let folder = folder.clone();
                let read = tokio::task::spawn_blocking(move || read_folder(&folder)).await;
                read.unwrap_or_else(|panicked| Err(format!("The lessons can't be read: {panicked}.\n")))
            }
        }
    }
}

fn read_folder(folder: &Path) -> Result<Arc<Lessons>, String> {
    Lessons::from_dir(folder).map(Arc::new).map_err(|errors| said(&errors))
}

fn said(errors: &[LessonError]) -> String {
    errors.iter().map(|error| format!("{error}\n")).collect()
}
