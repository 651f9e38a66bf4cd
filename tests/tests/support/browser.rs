//! Headless Chromium, driven through chromedriver.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, wd::Capabilities};
use http::Request;
use http_body_util::BodyExt;
use hyper_util::{client::legacy, rt::TokioExecutor};
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// Names chromedriver; set by `cargo xtask wasm`.
const DRIVER: &str = "B24_TEST_BROWSER";

/// Names the folder of the built `examples/frame-app`; set by `cargo xtask wasm`.
const APP: &str = "B24_FRAME_APP";

/// Names the folder of the built `tests/frame-probe`; set by `cargo xtask wasm`.
const PROBE: &str = "B24_FRAME_PROBE";

/// The flags that the tests inside the browser have, too.
const CAPABILITIES: &str = include_str!("../../browser/webdriver.json");

/// Both start at once or something is wrong, on a busy machine too.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A browser with a fresh profile and one window. Dereferences to the [`Client`] that drives it.
///
/// It ends with this value, also when the test panics.
pub(crate) struct Browser {
    client: Client,
    _session: Session,
}

impl Browser {
    /// Starts it; `None`, and a line that says so, where `cargo xtask wasm` has not named a driver.
    pub(crate) async fn start() -> Option<Self> {
        Self::start_and_trust(false).await
    }

    /// Starts it, and lets it take certificates that nobody vouches for.
    pub(crate) async fn start_and_trust(anybody: bool) -> Option<Self> {
        let Some(program) = std::env::var_os(DRIVER) else {
            eprintln!("skipped: no browser; `cargo xtask wasm` names one in {DRIVER}");
            return None;
        };
        let folder = TempDir::with_prefix("b24-browser").unwrap();
        let mut attempts = 5;
        let (driver, output, port) = loop {
            let mut driver = Command::new(&program)
                .arg("--port=0")
                .env("TMPDIR", folder.path())
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .unwrap_or_else(|error| panic!("{}: {error}", program.to_string_lossy()));
            let mut output = BufReader::new(driver.stdout.take().unwrap());
            let port = timeout(START_LIMIT, read_port(&mut output)).await.expect("chromedriver did not start in time");
            // It looks for a port that is free with IPv4 and takes it with IPv6 too, where it may have gone meanwhile.
            match port {
                Some(port) => break (driver, output, port),
                None if attempts > 0 => attempts -= 1,
                None => panic!("chromedriver ended without naming its port"),
            }
        };
        let mut capabilities: Capabilities = serde_json::from_str(CAPABILITIES).unwrap();
        capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
        capabilities.insert("acceptInsecureCerts".into(), json!(anybody));
        let url = format!("http://127.0.0.1:{port}");
        let mut builder = ClientBuilder::new(legacy::connect::HttpConnector::new());
        let connect = builder.capabilities(capabilities).connect(&url);
        let client = timeout(START_LIMIT, connect).await.expect("Chromium did not start in time").unwrap();
        let id = client.session_id().await.unwrap().expect("a session has an id");
        let _session = Session { id, port, _driver: driver, _output: output, _folder: folder };
        Some(Self { client, _session })
    }

    /// What has been written to the console since this was called last, by pages and by the browser, as JSON. It is
    /// Chromium's own: the standard has no such command.
    pub(crate) async fn console(&self) -> String {
        let Session { id, port, .. } = &self._session;
        let request = Request::post(format!("http://127.0.0.1:{port}/session/{id}/se/log"))
            .body(r#"{"type":"browser"}"#.to_owned())
            .unwrap();
        let client = legacy::Client::builder(TokioExecutor::new()).build_http();
        let answer = client.request(request).await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
        String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().into()).unwrap()
    }
}

impl std::ops::Deref for Browser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// The folder that `b24 portal --frame-app` serves: set wherever there is a browser.
pub(crate) fn frame_app() -> PathBuf {
    folder(APP)
}

/// The folder of the application that does what it is told: set wherever there is a browser.
pub(crate) fn frame_probe() -> PathBuf {
    folder(PROBE)
}

fn folder(variable: &str) -> PathBuf {
    std::env::var_os(variable).unwrap_or_else(|| panic!("{DRIVER} is set and {variable} is not")).into()
}

/// What has to end: a browser outlives its driver unless the driver is asked to close it.
struct Session {
    id: String,
    port: u16,
    // Killed when it is dropped, after the session has ended.
    _driver: Child,
    // Kept open: a driver that prints more would die of a closed pipe.
    _output: BufReader<ChildStdout>,
    // Both leave their files behind.
    _folder: TempDir,
}

impl Session {
    fn delete(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let (id, port) = (&self.id, self.port);
        write!(stream, "DELETE /session/{id} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
        // The answer comes when the browser has gone.
        let mut start = [0; 12];
        stream.read_exact(&mut start)
    }
}

impl Drop for Session {
    /// Blocks for a moment: where a test panics, no runtime is left to wait with.
    fn drop(&mut self) {
        if let Err(error) = self.delete() {
            eprintln!("the browser may be left running: {error}");
        }
    }
}

/// `None` where it ends without naming one.
async fn read_port(output: &mut BufReader<ChildStdout>) -> Option<u16> {
    let mut line = String::new();
    while output.read_line(&mut line).await.unwrap() > 0 {
        if let Some(port) = port(&line) {
            return Some(port);
        }
        line.clear();
    }
    None
}

/// `ChromeDriver was started successfully on port 43155.`
fn port(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("started successfully on port ")?;
    rest.trim_end().trim_end_matches('.').parse().ok()
}

#[test]
fn the_port_is_in_the_line_that_reports_success() {
    assert_eq!(port("ChromeDriver was started successfully on port 43155.\n"), Some(43155));
    assert_eq!(port("ChromeDriver was started successfully on port 9515"), Some(9515));
    assert_eq!(port("Starting ChromeDriver 156.0 on port 0\n"), None);
    assert_eq!(port("Only local connections are allowed.\n"), None);
}
