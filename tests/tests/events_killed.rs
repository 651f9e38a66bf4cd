//! A receiver of events that is killed at any moment, again and again: what was answered with 200 is handled, and what was
//! acknowledged is not handled again.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "a test of chance says what it saw")]

#[path = "support/process.rs"]
mod process;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::OpenOptions,
    io::Write,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use process::Process;
use serde_json::json;
use tokio::{process::Command, sync::watch, task::JoinSet, time::timeout};

const KILLS: u64 = 200;
/// A receiver lives until it has answered fewer than so many deliveries, and a moment longer.
const ANSWERS: u64 = 30;
/// A receiver that answers nothing for so long is broken.
const PATIENCE: Duration = Duration::from_secs(60);
const CONNECTIONS: usize = 8;
const SEED: u64 = 20_261_123;
const TOKEN: &str = "51856fefc120afa4b628cc82d3935cce";
/// Forged events have larger ids than any other.
const FORGED: u64 = 1_000_000_000;

/// A process that receives.
struct Receiver(Process);

impl Receiver {
    fn start(place: &Place, inbox: &str) -> Self {
        let told = json!({ "token": TOKEN, "log": place.log(), "file": place.file(), "inbox": inbox });
        let mut command = Command::new(env!("CARGO_BIN_EXE_event-worker"));
        command.env("EVENT_WORKER", told.to_string());
        Self(Process::start(command))
    }

    async fn address(&mut self) -> SocketAddr {
        self.0.answer().await.parse().unwrap()
    }

    /// Lets it handle what waits.
    async fn finish(&mut self) {
        self.0.order("finish").await;
        assert_eq!(self.0.answer().await, "empty");
    }

    async fn kill(self) {
        self.0.kill().await;
    }
}

struct Place(tempfile::TempDir);

impl Place {
    fn log(&self) -> PathBuf {
        self.0.path().join("log")
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("events.db")
    }

    fn note_the_kill(&self) {
        let log = OpenOptions::new().append(true).create(true).open(self.log());
        log.unwrap().write_all(b"killed\n").unwrap();
    }
}

/// Who posts, and what it was told.
struct Outside {
    random: fastrand::Rng,
    sent: u64,
    forged: u64,
    kills: u64,
    /// The ids that were answered with 200, and after how many kills.
    answered: BTreeMap<u64, u64>,
    /// How many answers there were.
    answers: watch::Sender<u64>,
}

impl Outside {
    /// The next event to post: new, one of those before once more, or a forged one.
    fn next(&mut self) -> (u64, &'static str) {
        match self.random.u32(0..10) {
            0 => {
                self.forged += 1;
                (FORGED + self.forged, "51856FEFC120AFA4B628CC82D3935CCE")
            }
            // Mostly one that may be under way still.
            1 if self.sent > 0 => (self.sent - self.random.u64(0..self.sent.min(8)), TOKEN),
            2 if self.sent > 0 => (self.random.u64(1..=self.sent), TOKEN),
            _ => {
                self.sent += 1;
                (self.sent, TOKEN)
            }
        }
    }
}

fn letter(id: u64, token: &str) -> Bytes {
    let letter = format!(
        "event=ONCRMDEALUPDATE&event_handler_id=7&data%5BFIELDS%5D%5BID%5D={id}&ts=1763900000&\
         auth%5Bdomain%5D=portal.bitrix24.com&auth%5Bmember_id%5D=a223c6b3710f85df22e9377d6c4f7553&\
         auth%5Bapplication_token%5D={token}"
    );
    letter.into()
}

/// Posts until nobody answers any more.
async fn post(client: Client<HttpConnector, Full<Bytes>>, address: SocketAddr, outside: Arc<Mutex<Outside>>) {
    loop {
        let (id, token) = outside.lock().unwrap().next();
        let request = Request::post(format!("http://{address}/events"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(letter(id, token)));
        let Ok(answer) = client.request(request.unwrap()).await else { return };
        assert_eq!(answer.status(), StatusCode::OK);
        let mut outside = outside.lock().unwrap();
        let kills = outside.kills;
        outside.answered.entry(id).or_insert(kills);
        outside.answers.send_modify(|answers| *answers += 1);
    }
}

/// What the log says, held against what was answered.
#[derive(Debug, Default)]
struct Verdict {
    /// Answered with 200 and never handled.
    lost: BTreeSet<u64>,
    /// Handled after they were acknowledged.
    again: BTreeSet<u64>,
    /// Handled although they were forged.
    forged: BTreeSet<u64>,
    /// How many were handled after more kills than they were answered after: they outlived a process.
    outlived: usize,
    /// How many were begun anew because nothing said that they had been handled.
    repeated: usize,
}

fn judge(log: &str, answered: &BTreeMap<u64, u64>) -> Verdict {
    let mut verdict = Verdict::default();
    let (mut handled, mut acknowledged) = (BTreeSet::new(), BTreeSet::new());
    let mut kills = 0;
    for line in log.lines() {
        let (what, id) = line.split_once(' ').unwrap_or((line, "0"));
        let id: u64 = id.parse().unwrap();
        match what {
            "killed" => kills += 1,
            "acknowledged" => drop(acknowledged.insert(id)),
            "handled" => {
                if acknowledged.contains(&id) {
                    verdict.again.insert(id);
                }
                if id > FORGED {
                    verdict.forged.insert(id);
                }
                if !handled.insert(id) {
                    verdict.repeated += 1;
                } else if answered.get(&id).is_some_and(|then| *then < kills) {
                    verdict.outlived += 1;
                }
            }
            _ => panic!("{line:?}"),
        }
    }
    verdict.lost = answered.keys().copied().filter(|id| *id < FORGED && !handled.contains(id)).collect();
    verdict
}

/// Starts a receiver on one file so many times and kills it at any moment, then lets one finish.
async fn kill(kills: u64, inbox: fn(u64) -> &'static str) -> Verdict {
    let place = Place(tempfile::tempdir().unwrap());
    let random = fastrand::Rng::with_seed(SEED);
    let mut moments = fastrand::Rng::with_seed(SEED + 1);
    let (answers, mut answered) = watch::channel(0);
    let outside = Outside { random, sent: 0, forged: 0, kills: 0, answered: BTreeMap::new(), answers };
    let outside = Arc::new(Mutex::new(outside));
    for kill in 0..kills {
        let mut receiver = Receiver::start(&place, inbox(kill));
        let mut posting = JoinSet::new();
        // Now and then it dies before it listens, of what the one before has left.
        if moments.u32(0..8) > 0 {
            let address = receiver.address().await;
            let client = Client::builder(TokioExecutor::new()).build_http();
            for _ in 0..CONNECTIONS {
                posting.spawn(post(client.clone(), address, Arc::clone(&outside)));
            }
            // Some are answered, and then any moment of what follows: the machine, or its disk, may be slow.
            let enough = *answered.borrow() + moments.u64(0..ANSWERS);
            timeout(PATIENCE, answered.wait_for(|answers| *answers >= enough)).await.unwrap().unwrap();
        }
        tokio::time::sleep(Duration::from_micros(moments.u64(0..30_000))).await;
        receiver.kill().await;
        posting.join_all().await;
        outside.lock().unwrap().kills += 1;
        place.note_the_kill();
    }
    let mut last = Receiver::start(&place, inbox(kills));
    last.address().await;
    last.finish().await;
    last.kill().await;

    let outside = outside.lock().unwrap();
    let log = std::fs::read_to_string(place.log()).unwrap();
    let verdict = judge(&log, &outside.answered);
    eprintln!(
        "{kills} kills (seed {SEED}): {} events, {} answered, {} forged; {} outlived a process, {} handled again before \
         they were acknowledged",
        outside.sent,
        outside.answered.len(),
        outside.forged,
        verdict.outlived,
        verdict.repeated
    );
    verdict
}

#[tokio::test]
async fn two_hundred_kills_lose_nothing_that_was_answered_and_repeat_nothing_that_was_acknowledged() {
    let by_turns = |kill| if kill % 2 == 0 { "power_loss" } else { "process_death" };
    let verdict = kill(KILLS, by_turns).await;
    assert!(verdict.lost.is_empty(), "answered with 200 and lost: {:?}", verdict.lost);
    assert!(verdict.again.is_empty(), "handled after they were acknowledged: {:?}", verdict.again);
    assert!(verdict.forged.is_empty(), "forged and handled: {:?}", verdict.forged);
    // Else the kills have struck at nothing.
    assert!(verdict.outlived > 0 && verdict.repeated > 0, "{verdict:?}");
}

/// What the test above would miss if it looked in the wrong place.
#[tokio::test]
async fn kills_show_what_an_inbox_in_memory_loses_and_what_one_without_remembrance_repeats() {
    let verdict = kill(30, |_| "memory").await;
    assert!(!verdict.lost.is_empty() && verdict.forged.is_empty(), "{verdict:?}");
    let verdict = kill(30, |_| "amnesiac").await;
    assert!(!verdict.again.is_empty() && verdict.lost.is_empty(), "{verdict:?}");
}
