//! The application that does what it is told, opened by a portal of its own.

use std::{cell::Cell, future::Future, time::Duration};

use b24_portal::{FrameMessage, Limits, Portal, PortalBuilder, RecordedRequest};
use fantoccini::Locator;
use serde_json::{Value, json};

use crate::browser::{self, Browser};

/// What is waited for comes within this time on a busy machine, or never.
const DEADLINE: Duration = Duration::from_secs(60);

/// The application in a frame of its portal's page. The browser looks at the application.
pub(crate) struct Probe {
    pub(crate) browser: Browser,
    pub(crate) portal: Portal,
    next: Cell<u64>,
}

/// A task that was begun.
#[derive(Clone, Copy)]
pub(crate) struct Task(u64);

/// Why a task failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: String,
    /// The error with all that is behind it, as `Display` and as `Debug`.
    pub(crate) text: String,
    pub(crate) took: Duration,
}

/// A portal that does not hold calls back.
pub(crate) fn portal() -> PortalBuilder {
    Portal::builder().rows(60).limits(Limits::off())
}

impl Probe {
    /// Opens the application; `None` where there is no browser.
    pub(crate) async fn open(portal: PortalBuilder) -> Option<Self> {
        let probe = Self::without_page(portal).await?;
        probe.goto().await;
        Some(probe)
    }

    /// Starts portal and browser, and opens nothing yet.
    pub(crate) async fn without_page(portal: PortalBuilder) -> Option<Self> {
        Self::start(Browser::start().await?, portal).await
    }

    /// Opens the application by https. The portal's certificates are its own.
    pub(crate) async fn open_by_tls(portal: PortalBuilder) -> Option<Self> {
        let probe = Self::start(Browser::start_and_trust(true).await?, portal.tls()).await?;
        probe.goto().await;
        Some(probe)
    }

    async fn start(browser: Browser, portal: PortalBuilder) -> Option<Self> {
        let portal = portal.frame_app(browser::frame_probe()).start().await.unwrap();
        Some(Self { browser, portal, next: Cell::new(1) })
    }

    /// Opens the portal's page, and looks at the application in it.
    pub(crate) async fn goto(&self) {
        self.browser.goto(&self.portal.frame_url().unwrap()).await.unwrap();
        self.enter().await;
    }

    /// The application, connected.
    pub(crate) async fn connected(portal: PortalBuilder) -> Option<Self> {
        let probe = Self::open(portal).await?;
        probe.ok("connect", json!({})).await;
        Some(probe)
    }

    /// Looks at the application in the page that the browser looks at.
    pub(crate) async fn enter(&self) {
        self.browser
            .wait()
            .at_most(DEADLINE)
            .for_element(Locator::Css("#app"))
            .await
            .unwrap()
            .enter_frame()
            .await
            .unwrap();
        self.is_ready().await;
    }

    /// Waits until the application that the browser looks at takes tasks.
    pub(crate) async fn is_ready(&self) {
        self.browser.wait().at_most(DEADLINE).for_element(Locator::Css("#run[data-ready]")).await.unwrap();
    }

    /// Begins a task.
    pub(crate) async fn begin(&self, name: &str, with: Value) -> Task {
        const BEGIN: &str =
            "document.getElementById('task').value = arguments[0]; document.getElementById('run').click()";
        let task = Task(self.next.replace(self.next.get() + 1));
        let text = json!({ "id": task.0, "run": name, "with": with }).to_string();
        self.browser.execute(BEGIN, vec![json!(text)]).await.unwrap();
        task
    }

    /// The outcome of a task, if it is there.
    pub(crate) async fn look(&self, task: Task) -> Option<Result<Value, Failure>> {
        const LOOK: &str = "return document.getElementById(`outcome-${arguments[0]}`)?.textContent ?? null";
        let text = self.browser.execute(LOOK, vec![json!(task.0)]).await.unwrap();
        let mut outcome: Value = serde_json::from_str(text.as_str()?).unwrap();
        let took = Duration::from_secs_f64(outcome["ms"].as_f64().unwrap().max(0.0) / 1000.0);
        Some(match outcome.get_mut("ok") {
            Some(value) => Ok(value.take()),
            None => {
                let text = |name: &str| outcome["error"][name].as_str().unwrap().to_owned();
                Err(Failure { code: text("code"), text: text("text"), took })
            }
        })
    }

    /// The outcome of a task.
    pub(crate) async fn outcome(&self, task: Task) -> Result<Value, Failure> {
        eventually(|| self.look(task)).await
    }

    /// Does a task.
    pub(crate) async fn run(&self, name: &str, with: Value) -> Result<Value, Failure> {
        self.outcome(self.begin(name, with).await).await
    }

    /// Does a task that works.
    pub(crate) async fn ok(&self, name: &str, with: Value) -> Value {
        self.run(name, with).await.unwrap_or_else(|failure| panic!("{name}: {failure:?}"))
    }

    /// Does a task that fails.
    pub(crate) async fn fails(&self, name: &str, with: Value) -> Failure {
        self.run(name, with).await.unwrap_err()
    }

    /// One call of v2 that works.
    pub(crate) async fn profile(&self) -> Value {
        self.ok("calls", profile()).await
    }

    /// Runs a script in the portal's page.
    pub(crate) async fn on_page(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.browser.enter_parent_frame().await.unwrap();
        let said = self.browser.execute(script, arguments).await.unwrap();
        self.browser.find(Locator::Css("#app")).await.unwrap().enter_frame().await.unwrap();
        said
    }

    /// Runs a script in the application's page.
    pub(crate) async fn in_app(&self, script: &str) -> Value {
        self.browser.execute(script, Vec::new()).await.unwrap()
    }

    /// The first message with this command, as soon as the portal's page has it.
    pub(crate) async fn told(&self, command: &str) -> FrameMessage {
        eventually(|| async { self.messages(command).into_iter().next() }).await
    }

    /// The messages with this command that the portal's page got so far.
    pub(crate) fn messages(&self, command: &str) -> Vec<FrameMessage> {
        self.portal.frame_messages().into_iter().filter(|message| message.command == command).collect()
    }

    /// The calls that the portal got so far. The browser's own question, whether the application's origin may make them,
    /// is none.
    pub(crate) fn calls(&self) -> Vec<RecordedRequest> {
        self.portal.requests().into_iter().filter(|request| request.http_method != "OPTIONS").collect()
    }

    /// The commands that the portal's page got so far.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.portal.frame_messages().into_iter().map(|message| message.command).collect()
    }
}

/// A call of `profile`, for the task `calls`.
pub(crate) fn profile() -> Value {
    json!({ "calls": [{ "api": "v2", "method": "profile" }] })
}

/// What is there sooner or later.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(mut look: impl FnMut() -> F) -> T {
    let found = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, found).await.expect("it did not come in time")
}
