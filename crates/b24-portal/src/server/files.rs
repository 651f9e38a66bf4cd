//! The folder of a built application, served as it is.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode};

use crate::php::form::decode_path;

/// The folder of an application that a browser can open.
#[derive(Debug)]
pub(super) struct Files(PathBuf);

impl Files {
    /// Takes a folder with an `index.html` in it.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let reworded = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
        let folder = folder.canonicalize().map_err(reworded)?;
        if !folder.join("index.html").is_file() {
            let text = format!("{} has no index.html", folder.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        Ok(Self(folder))
    }

    /// Answers with a file. The portal posts to a page that a person would get, so both have the same answer.
    pub(super) async fn answer(&self, head: &Parts) -> Response<Bytes> {
        if !matches!(head.method, Method::GET | Method::HEAD | Method::POST) {
            return empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        let Some(path) = self.path(head.uri.path()) else { return empty(StatusCode::NOT_FOUND) };
        match tokio::fs::read(&path).await {
            Ok(bytes) => file(&path, bytes, &head.method),
            Err(_) => empty(StatusCode::NOT_FOUND),
        }
    }

    /// The file behind a path of an address; nothing where it is not in the folder, whichever way it leads out of it.
    fn path(&self, asked: &str) -> Option<PathBuf> {
        let mut path = self.0.clone();
        for part in asked.split('/').map(decode_path).filter(|part| !part.is_empty()) {
            if part.starts_with('.') || part.contains(['/', '\\', '\0', ':']) {
                return None;
            }
            path.push(part);
        }
        if path.is_dir() {
            path.push("index.html");
        }
        // A link may lead anywhere.
        let path = path.canonicalize().ok()?;
        (path.starts_with(&self.0) && path.is_file()).then_some(path)
    }
}

fn file(path: &Path, bytes: Vec<u8>, method: &Method) -> Response<Bytes> {
    let length = bytes.len();
    let mut response = Response::new(if method == Method::HEAD { Bytes::new() } else { bytes.into() });
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    // What was built a moment ago is what is shown.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// What a browser has to be told: it runs neither scripts nor WebAssembly of another type.
///
/// <https://webassembly.github.io/spec/web-api/#mediaType>
fn media_type(path: &Path) -> &'static str {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("woff") => "font/woff",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
