//! The sender: a thread for each connection, each event at its time.
//!
//! Event `n` is due `n / rate` seconds after the begin, whatever became of those before it. Its latency counts from that
//! moment, so an answer that is late makes the next event on its connection late as well, as it would a portal's.
#![allow(clippy::disallowed_methods, reason = "threads of its own, and the time of the machine")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use cpu_time::ProcessTime;
use serde_json::{Value, json};

use crate::Outcome;

pub(crate) const TOKEN: &str = "51856fefc120afa4b628cc82d3935cce";
const CONNECTIONS: usize = 32;
/// Seconds that come first and count for nothing but the number of events.
const WARM_UP: u64 = 1;

pub(crate) fn measure(inbox: &str, rate: u64, seconds: u64, folder: &Path) -> Outcome<Value> {
    let mut receiver = Receiver::start(inbox, folder)?;
    let begin = Instant::now() + Duration::from_millis(100);
    let begin_cpu = ProcessTime::try_now()?;
    let (events, warm_up) = ((WARM_UP + seconds) * rate, WARM_UP * rate);
    let address = receiver.address;
    let connections = (0..).take(CONNECTIONS).map(|number: u64| {
        thread::spawn(move || {
            let mut connection = Connection::open(address)?;
            let mut lane = Lane::default();
            for event in (number..events).step_by(CONNECTIONS) {
                let due = begin + Duration::from_nanos(event * 1_000_000_000 / rate);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let status = connection.post(event)?;
                lane.note(status, (event >= warm_up).then(|| due.elapsed()));
            }
            lane.end = Some(Instant::now());
            Outcome::Ok(lane)
        })
    });
    let connections: Vec<_> = connections.collect();
    let rss = receiver.memory_at_each_quarter(begin + Duration::from_secs(WARM_UP), seconds)?;
    let mut lanes = Lane::default();
    for connection in connections {
        lanes.add(connection.join().map_err(|_| "a connection panicked")??);
    }
    let sender_cpu = begin_cpu.try_elapsed()?;
    let took = lanes.end.unwrap_or(begin) - begin;
    let (file, log) = (size(&folder.join("events.db")), size(&folder.join("events.db-wal")));
    let received = receiver.end()?;
    lanes.latencies.sort_unstable();
    let at = |per_mille: usize| {
        let place = (lanes.latencies.len() * per_mille).div_ceil(1000).saturating_sub(1);
        lanes.latencies.get(place).copied().unwrap_or_default()
    };
    Ok(json!({
        "events": events,
        "answered": lanes.answered,
        "answeredPerSecond": lanes.answered * 1_000_000 / u64::try_from(took.as_micros())?.max(1),
        "p50Micros": at(500),
        "p99Micros": at(990),
        "p999Micros": at(999),
        "maxMicros": at(1000),
        "handled": received["handled"],
        "cpuMicros": received["cpuMicros"],
        "senderCpuMicros": u64::try_from(sender_cpu.as_micros())?,
        "rssKib": rss,
        "fileBytes": file,
        "logBytes": log,
    }))
}

/// What connections have seen.
#[derive(Default)]
struct Lane {
    /// With 200.
    answered: u64,
    latencies: Vec<u64>,
    end: Option<Instant>,
}

impl Lane {
    fn note(&mut self, status: u16, latency: Option<Duration>) {
        self.answered += u64::from(status == 200);
        self.latencies.extend(latency.map(|latency| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)));
    }

    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.latencies.extend(other.latencies);
        self.end = self.end.max(other.end);
    }
}

struct Connection {
    socket: TcpStream,
    request: Vec<u8>,
    /// Where the id stands in the request.
    id: usize,
    answer: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> Outcome<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        let (before, after) = ("event=ONCRMDEALUPDATE&event_handler_id=7&data%5BFIELDS%5D%5BID%5D=", rest_of_body());
        let length = before.len() + ID + after.len();
        let head = format!(
            "POST /events HTTP/1.1\r\nHost: {address}\r\nUser-Agent: Bitrix24 Webhook Engine\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{before}"
        );
        let id = head.len();
        let request = format!("{head}{}{after}", "0".repeat(ID)).into_bytes();
        Ok(Self { socket, request, id, answer: vec![0; 4096] })
    }

    /// Posts an event, and reads the answer to its end.
    fn post(&mut self, event: u64) -> Outcome<u16> {
        self.request[self.id..self.id + ID].copy_from_slice(format!("{event:0ID$}").as_bytes());
        self.socket.write_all(&self.request)?;
        let mut filled = 0;
        loop {
            let read = self.socket.read(&mut self.answer[filled..])?;
            if read == 0 {
                return Err("the receiver hung up".into());
            }
            filled += read;
            if let Some(status) = whole(&self.answer[..filled])? {
                return Ok(status);
            }
        }
    }
}

/// How many digits an id has.
const ID: usize = 10;

/// What a portal tells an application of a change, after the record's id.
fn rest_of_body() -> String {
    let secret = |letter: char| letter.to_string().repeat(70);
    format!(
        "&ts=1763900000&auth%5Baccess_token%5D={}&auth%5Bexpires%5D=1763903600&auth%5Bexpires_in%5D=3600&\
         auth%5Bscope%5D=crm%2Ctask%2Cuser%2Cplacement&auth%5Bdomain%5D=portal.bitrix24.com&\
         auth%5Bserver_endpoint%5D=https%3A%2F%2Foauth.bitrix.info%2Frest%2F&auth%5Bstatus%5D=L&\
         auth%5Bclient_endpoint%5D=https%3A%2F%2Fportal.bitrix24.com%2Frest%2F&\
         auth%5Bmember_id%5D=a223c6b3710f85df22e9377d6c4f7553&auth%5Buser_id%5D=1&auth%5Bapplication_token%5D={TOKEN}",
        secret('a')
    )
}

/// The status, once the answer is there to its end.
fn whole(answer: &[u8]) -> Outcome<Option<u16>> {
    let text = std::str::from_utf8(answer)?;
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Ok(None) };
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("no status")?.parse()?;
    let length = lines
        .filter_map(|line| line.split_once(": "))
        .find_map(|(name, value)| name.eq_ignore_ascii_case("content-length").then_some(value));
    let length: usize = length.ok_or("an answer without a length")?.parse()?;
    Ok((body.len() >= length).then_some(status))
}

/// The receiver's process; it ends with this value.
struct Receiver {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    address: SocketAddr,
}

impl Receiver {
    fn start(inbox: &str, folder: &Path) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["receive", inbox])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("the receiver has no output")?);
        let mut address = String::new();
        lines.read_line(&mut address)?;
        Ok(Self { child, lines, address: address.trim().parse()? })
    }

    /// Its resident memory in KiB; nothing where the system does not tell (other than Linux).
    fn memory_at_each_quarter(&self, begin: Instant, seconds: u64) -> Outcome<Vec<u64>> {
        let mut memory = Vec::new();
        for quarter in 1..=4 {
            let moment = begin + Duration::from_millis(seconds * 250 * quarter);
            thread::sleep(moment.saturating_duration_since(Instant::now()));
            let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            memory.extend(line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()));
        }
        Ok(memory)
    }

    /// What it has done, once it has done all.
    fn end(&mut self) -> Outcome<Value> {
        self.child.stdin.take().ok_or("the receiver has no input")?.write_all(b"end\n")?;
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |found| found.len())
}
