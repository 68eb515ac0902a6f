//! The built page: its files, precompressed, with caching and a strict Content-Security-Policy.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

/// What `cargo xtask` built and compressed; empty where nothing was built yet.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../target/page"]
struct Embedded;

const INDEX: &str = "index.html";
/// Files whose names carry a hash of their content never change.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
const NOT_BUILT: &str = "The page is not in this server: it was built without it. Start the workshop by \
                         `cargo xtask serve`, which builds both.\n";

/// Where the page's files come from, and the policy that its scripts must fit.
pub(super) struct Page {
    folder: Option<PathBuf>,
    policy: HeaderValue,
}

impl Page {
    /// The built-in page, or the one in a folder.
    pub(super) async fn new(folder: Option<PathBuf>) -> Self {
        let mut page = Self { folder, policy: HeaderValue::from_static("default-src 'none'") };
        let index = page.read(INDEX).await.unwrap_or_default();
        if let Ok(policy) = HeaderValue::from_str(&policy(&String::from_utf8_lossy(&index))) {
            page.policy = policy;
        }
        page
    }

    /// Answers a GET for a file of the page, or for one of its routes.
    pub(super) async fn respond(&self, path: &str, request: &HeaderMap) -> Response<Body> {
        let path = path.trim_start_matches('/');
        let is_file = Path::new(path).extension().is_some();
        let name = if is_file { path } else { INDEX };
        let accepted =
            accepted_encodings(request).into_iter().map(|(encoding, suffix)| (Some(encoding), suffix));
        let mut found = None;
        for (encoding, suffix) in accepted.chain([(None, "")]) {
            if let Some(bytes) = self.read(&format!("{name}{suffix}")).await {
                found = Some((bytes, encoding));
                break;
            }
        }
        let Some((bytes, encoding)) = found else {
            return if name == INDEX {
                plain(StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT)
            } else {
                plain(StatusCode::NOT_FOUND, "There is no such file.\n")
            };
        };
        let mut response = Response::new(Body::from(bytes.into_owned()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::CACHE_CONTROL, if is_hashed(name) { IMMUTABLE } else { REVALIDATE });
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        if name == INDEX {
            headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        }
        response
    }

    async fn read(&self, name: &str) -> Option<Cow<'static, [u8]>> {
        match &self.folder {
            None => Embedded::get(name).map(|file| file.data),
            // Names come from a URL: only plain ones may reach the file system.
            Some(folder) if name.split('/').all(is_plain) => {
                let path = folder.join(name);
                let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
                read.ok()?.ok().map(Cow::Owned)
            }
            Some(_) => None,
        }
    }
}

fn is_plain(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with('.')
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The encodings that a request takes and the build makes, best first, with the suffix of their files.
fn accepted_encodings(request: &HeaderMap) -> Vec<(&'static str, &'static str)> {
    let accepted =
        request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |encoding: &str| {
        accepted.split(',').any(|part| {
            let mut part = part.split(';').map(str::trim);
            part.next() == Some(encoding)
                && !part.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
    };
    [("br", ".br"), ("gzip", ".gz")].into_iter().filter(|(encoding, _)| takes(encoding)).collect()
}

fn content_type(name: &str) -> &'static str {
    match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

/// Whether Trunk put a hash into the name, as in `frontend-0123456789abcdef_bg.wasm`.
fn is_hashed(name: &str) -> bool {
    name.split(['-', '.', '_'])
        .any(|part| part.len() >= 15 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Only what this server sends may run, and of inline scripts only those that the build put into the index.
fn policy(index: &str) -> String {
    let hashes: String = inline_scripts(index)
        .map(|script| format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script.as_bytes()))))
        .collect();
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

/// The contents of `<script>` elements without `src`. The index is the build's own, so this need not be a parser.
fn inline_scripts(index: &str) -> impl Iterator<Item = &str> {
    index.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (script, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=") && !script.is_empty()).then_some(script)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_allowed_by_their_hash_and_no_others() {
        let policy =
            policy("<head><script type=\"module\">alert(1)</script><script src=\"/a.js\"></script></head>");
        // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
        assert!(policy.contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"), "{policy}");
        assert_eq!(policy.matches("sha256-").count(), 1);
        assert!(!policy.contains("unsafe-inline"));
    }

    #[tokio::test]
    async fn a_folder_does_not_lead_out_of_itself() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("secret.txt"), "secret").unwrap();
        std::fs::create_dir(dir.path().join("page")).unwrap();
        std::fs::write(dir.path().join("page/index.html"), "<h1>hello</h1>").unwrap();
        let page = Page::new(Some(dir.path().join("page"))).await;
        for path in ["/../secret.txt", "//secret.txt", "/./../secret.txt", "/%2e%2e/secret.txt"] {
            assert_eq!(page.respond(path, &HeaderMap::new()).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(page.respond("/lessons/topics", &HeaderMap::new()).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn files_are_sent_compressed_to_those_who_take_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("app-0123456789abcdef.js"), "plain").unwrap();
        std::fs::write(dir.path().join("app-0123456789abcdef.js.br"), "squeezed").unwrap();
        let page = &Page::new(Some(dir.path().to_owned())).await;
        let ask = async |accepted: &'static str| {
            let mut request = HeaderMap::new();
            request.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            page.respond("/app-0123456789abcdef.js", &request).await
        };
        assert_eq!(ask("gzip, br").await.headers()[header::CONTENT_ENCODING], "br");
        assert!(!ask("gzip").await.headers().contains_key(header::CONTENT_ENCODING));
        assert!(!ask("br;q=0").await.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(ask("br").await.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(ask("br").await.headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
    }
}
