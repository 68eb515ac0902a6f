//! Lessons, as the server gives them over HTTP.

use std::sync::Arc;

use gloo_net::http::Request;
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use shared::lesson::{Lesson, LessonSummary};

/// Why something could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The server does not have it.
    NotFound,
    /// The server can't be reached, or answers with something else.
    Failed(String),
}

/// The list of lessons, for every part of the page.
#[derive(Clone, Copy)]
pub(crate) struct Lessons(LocalResource<Result<Arc<Vec<LessonSummary>>, Trouble>>);

impl Lessons {
    /// Begins to load it.
    pub(crate) fn load() -> Self {
        Self(LocalResource::new(|| async { get("/api/lessons").await.map(Arc::new) }))
    }

    /// The list; `None` while it loads.
    pub(crate) fn get(self) -> Option<Result<Arc<Vec<LessonSummary>>, Trouble>> {
        self.0.get()
    }

    /// Loads it once more.
    pub(crate) fn again(self) {
        self.0.refetch();
    }
}

/// One lesson.
pub(crate) async fn lesson(id: String) -> Result<Arc<Lesson>, Trouble> {
    // A name with other characters than these is no lesson's, and would change the address.
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Err(Trouble::NotFound);
    }
    get(&format!("/api/lessons/{id}")).await.map(Arc::new)
}

async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Trouble> {
    let failed = |error: gloo_net::Error| Trouble::Failed(error.to_string());
    let response = Request::get(path).send().await.map_err(failed)?;
    match response.status() {
        404 => Err(Trouble::NotFound),
        200 => response.json().await.map_err(failed),
        status => Err(Trouble::Failed(format!("the server answered with status {status}"))),
    }
}
