//! An application in a frame over real sockets: its files, and a page that listens.

#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use b24_portal::Portal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A folder that goes with the value.
struct Folder(PathBuf);

impl Folder {
    /// A built application, in a folder that has a secret beside it.
    fn with_app() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("b24-portal-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let folder = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(folder.app().join("pkg")).expect("a folder");
        for (name, text) in [
            ("app/index.html", "<p>page</p>"),
            ("app/app.js", "let a"),
            ("app/pkg/app_bg.wasm", "\0asm"),
            ("app/style.css", "p{}"),
            ("app/odd.xyz", "?"),
            ("app/.hidden", "no"),
            ("secret.txt", "no"),
        ] {
            fs::write(folder.0.join(name), text).expect("a file");
        }
        folder
    }

    fn app(&self) -> PathBuf {
        self.0.join("app")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn start(app: &Path) -> Portal {
    Portal::builder().frame_app(app).start().await.expect("a portal")
}

/// One request on a connection of its own: status, head in lower case, body.
async fn send(origin: &str, request: &str, body: &str) -> (u16, String, String) {
    let mut tcp = TcpStream::connect(origin.split_once("://").expect("an address").1).await.expect("a connection");
    let length = body.len();
    let request =
        format!("{request} HTTP/1.1\r\nhost: portal\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    tcp.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_ascii_lowercase(), body.to_owned())
}

#[tokio::test]
async fn an_application_is_served_on_an_origin_of_its_own() {
    let folder = Folder::with_app();
    let portal = start(&folder.app()).await;
    let app = portal.frame_app_url().expect("an application");
    assert!(app != portal.url() && app != portal.auth_url());
    for (path, kind, want) in [
        ("/", "text/html; charset=utf-8", "<p>page</p>"),
        ("/index.html", "text/html; charset=utf-8", "<p>page</p>"),
        ("/app.js?v=1", "text/javascript; charset=utf-8", "let a"),
        ("/pkg/app_bg.wasm", "application/wasm", "\0asm"),
        ("/%73tyle.css", "text/css; charset=utf-8", "p{}"),
        ("/odd.xyz", "application/octet-stream", "?"),
    ] {
        let (status, head, body) = send(app, &format!("GET {path}"), "").await;
        assert_eq!((status, body.as_str()), (200, want), "{path}");
        assert!(head.contains(&format!("content-type: {kind}\r\n")), "{head}");
        // A page that says this cannot be in a frame.
        assert!(!head.contains("x-frame-options") && !head.contains("content-security-policy"), "{head}");
    }
}

#[tokio::test]
async fn the_portal_posts_to_the_page_and_gets_it() {
    let folder = Folder::with_app();
    let portal = start(&folder.app()).await;
    let app = portal.frame_app_url().expect("an application");
    let (status, _, body) = send(app, "POST /?DOMAIN=127.0.0.1&APP_SID=1", "AUTH_ID=x&PLACEMENT=DEFAULT").await;
    assert_eq!((status, body.as_str()), (200, "<p>page</p>"));
    let (status, head, body) = send(app, "HEAD /app.js", "").await;
    assert_eq!((status, body.as_str()), (200, ""));
    assert!(head.contains("content-length: 5"), "{head}");
    assert_eq!(send(app, "DELETE /", "").await.0, 405);
}

#[tokio::test]
async fn no_path_leads_out_of_the_folder() {
    let folder = Folder::with_app();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.0.join("secret.txt"), folder.app().join("link.txt")).expect("a link");
    let portal = start(&folder.app()).await;
    let app = portal.frame_app_url().expect("an application");
    for path in [
        "/../secret.txt",
        "/pkg/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/pkg/..%5c..%5csecret.txt",
        "//etc/hostname",
        "/%2fetc%2fhostname",
        "/link.txt",
        "/.hidden",
        "/pkg/",
        "/app.js%00.html",
        "/absent.js",
    ] {
        let (status, _, body) = send(app, &format!("GET {path}"), "").await;
        assert_eq!((status, body.as_str()), (404, ""), "{path}");
    }
}

#[tokio::test]
async fn a_folder_without_a_page_is_said_at_the_start() {
    let folder = Folder::with_app();
    for (app, want) in [(folder.app().join("pkg"), "has no index.html"), (folder.app().join("absent"), "absent: ")] {
        let error = Portal::builder().frame_app(&app).start().await.expect_err("no portal");
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        assert!(error.to_string().contains(want), "{error}");
    }
    let error = Portal::builder().frame_placement("X", "[1").start().await.expect_err("no portal");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_page_that_listens_hears_at_once() {
    let folder = Folder::with_app();
    let builder = Portal::builder().frame_app(folder.app()).frame_placement("PLACE", "{}").frame_event("e");
    let portal = builder.start().await.expect("a portal");
    let url = portal.url();
    assert_eq!(portal.frame_url().as_deref(), Some(format!("{url}/frame/").as_str()));
    let (status, _, html) = send(url, "GET /frame/", "").await;
    assert_eq!(status, 200);
    let sid = html.split_once("|0|").and_then(|(_, rest)| rest.split_once('"')).expect("a name").0.to_owned();
    let data = format!("placementBindEvent:{{\"event\":\"e\"}}:key:{sid}");
    let posted = json!({ "origin": portal.frame_app_url(), "data": data }).to_string();
    assert_eq!(send(url, &format!("POST /frame/message?sid={sid}"), &posted).await.0, 200);

    let listening = async { send(url, &format!("GET /frame/due?sid={sid}&seen=0"), "").await };
    let firing = async {
        // The page is on the wire by then, or it is not: both have to end well.
        tokio::task::yield_now().await;
        portal.fire_placement_event("e", "1")
    };
    let ((status, _, body), told) = tokio::join!(listening, firing);
    let due: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, told, &due["steps"][0]["say"]), (200, 1, &json!("key:1")));

    // A page that has left waits no longer.
    let leaving = async { send(url, &format!("POST /frame/left?sid={sid}"), "").await.0 };
    let listening = async { send(url, &format!("GET /frame/due?sid={sid}&seen=1"), "").await.0 };
    assert_eq!(tokio::join!(listening, leaving), (404, 204));
}

#[tokio::test]
async fn the_authorisation_server_has_a_page_that_speaks_from_elsewhere() {
    let portal = Portal::builder().start().await.expect("a portal");
    let (status, head, body) = send(portal.auth_url(), "GET /frame/foreign", "").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/html") && body.contains("postMessage"), "{head}");
    assert!(portal.auth_requests().is_empty());
}
