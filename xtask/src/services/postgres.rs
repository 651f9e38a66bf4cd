//! A server of PostgreSQL in a temporary folder.

use std::collections::hash_map::RandomState;
use std::env;
use std::fs::{self, File};
use std::hash::BuildHasher;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, id};
use std::time::Duration;

use crate::clock;
use crate::outcome::Result;
use crate::process::{Running, end_within};

/// A running server; it ends with this value, and its folder goes.
pub(crate) struct Postgres {
    // Fields are dropped in their order: the server before its folder.
    server: Option<Running>,
    place: Place,
    port: u16,
    url: String,
}

/// It starts at once or something is wrong.
const START_LIMIT: Duration = Duration::from_secs(30);

/// `initdb` writes 40 MB.
const INIT_LIMIT: Duration = Duration::from_secs(120);

const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Somebody else may take the port between our look and the server's start.
const PORTS_TO_TRY: usize = 3;

impl Postgres {
    /// Makes a cluster and starts its server, on a free port of the loopback interface and with a password.
    pub(super) fn start(binaries: &Path) -> Result<Self> {
        let place = Place::new(binaries)?;
        let password = random();
        place.init(&password)?;
        let mut last = None;
        for _ in 0..PORTS_TO_TRY {
            let port = free_port()?;
            match place.serve(port) {
                Ok(server) => {
                    let url = format!("postgres://b24:{password}@127.0.0.1:{port}/postgres");
                    return Ok(Self { server: Some(server), place, port, url });
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| "no port".into()))
    }

    /// How a client connects.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens, on 127.0.0.1.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Killed at once, the server would leave shared memory behind.
        if let Err(error) = self.place.stop() {
            eprintln!("PostgreSQL did not stop: {error}");
        }
        drop(self.server.take());
    }
}

/// The folder of a cluster, and who may work in it.
struct Place {
    folder: PathBuf,
    binaries: PathBuf,
    account: Option<Account>,
}

impl Place {
    fn new(binaries: &Path) -> Result<Self> {
        let folder = env::temp_dir().join(format!("b24-postgres-{}-{}", id(), random()));
        fs::create_dir(&folder)?;
        let mut place = Self { folder, binaries: binaries.to_owned(), account: None };
        place.account = Account::besides_root(&place.folder)?;
        Ok(place)
    }

    fn init(&self, password: &str) -> Result {
        let secret = self.folder.join("password");
        fs::write(&secret, password)?;
        self.hand_over(&secret)?;
        let mut command = self.command("initdb");
        command.arg("--pgdata").arg(self.data()).arg("--pwfile").arg(&secret);
        command.args(["--username=b24", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        command.stdout(Stdio::null());
        end_within(INIT_LIMIT, "initdb", command)
    }

    fn serve(&self, port: u16) -> Result<Running> {
        let log = self.folder.join("log");
        let output = File::create(&log)?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        // Nothing has to outlive this machine, and no socket lies about.
        command.args(["-c", "fsync=off", "-c", "unix_socket_directories="]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
        let mut server = Running(command.spawn()?);
        let start = clock::now();
        loop {
            let text = fs::read_to_string(&log)?;
            if text.contains("ready to accept connections") {
                return Ok(server);
            }
            if server.0.try_wait()?.is_some() || start.elapsed() >= START_LIMIT {
                let line = text.lines().last().unwrap_or("it says nothing");
                return Err(format!("the server did not start: {line}").into());
            }
            clock::sleep(Duration::from_millis(20));
        }
    }

    fn stop(&self) -> Result {
        let mut command = self.command("pg_ctl");
        command.arg("stop").arg("-D").arg(self.data()).args(["-m", "immediate"]).stdout(Stdio::null());
        end_within(STOP_LIMIT, "pg_ctl stop", command)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command.current_dir(&self.folder);
        // PGDATA, PGPORT and the like of whoever runs this.
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("PG")) {
                command.env_remove(name);
            }
        }
        if let Some(account) = &self.account {
            account.take_on(&mut command);
        }
        command
    }

    fn hand_over(&self, path: &Path) -> Result {
        self.account.as_ref().map_or(Ok(()), |account| account.own(path))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{} stays: {error}", self.folder.display());
        }
    }
}

/// The user a server runs as.
#[cfg_attr(not(unix), allow(dead_code, reason = "only Unix has a root"))]
struct Account {
    user: u32,
    group: u32,
}

#[cfg(unix)]
impl Account {
    /// PostgreSQL refuses to run as root. `folder` was made by this process, and tells whether it is; it is handed over.
    fn besides_root(folder: &Path) -> Result<Option<Self>> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};

        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        if fs::metadata(folder)?.uid() != 0 {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd")?;
        let found = ["postgres", "nobody"].iter().find_map(|name| Self::parse(&users, name));
        let account = found.ok_or("it refuses to run as root, and there is no user `postgres` or `nobody`")?;
        account.own(folder)?;
        Ok(Some(account))
    }

    fn own(&self, path: &Path) -> Result {
        Ok(std::os::unix::fs::chown(path, Some(self.user), Some(self.group))?)
    }

    /// Takes root's other groups away too, as `std` does for a root that becomes somebody else.
    fn take_on(&self, command: &mut Command) {
        std::os::unix::process::CommandExt::uid(command, self.user);
        std::os::unix::process::CommandExt::gid(command, self.group);
    }
}

#[cfg(not(unix))]
impl Account {
    fn besides_root(_: &Path) -> Result<Option<Self>> {
        Ok(None)
    }

    fn own(&self, _: &Path) -> Result {
        Ok(())
    }

    fn take_on(&self, _: &mut Command) {}
}

impl Account {
    /// A line of `/etc/passwd`: `name:x:user:group:…`.
    #[cfg_attr(not(unix), allow(dead_code, reason = "only Unix has the file"))]
    fn parse(users: &str, name: &str) -> Option<Self> {
        let mut fields = users
            .lines()
            .map(|line| line.split(':'))
            .find_map(|mut fields| (fields.next() == Some(name)).then_some(fields))?;
        let (user, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Self { user, group })
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Not to be guessed by other users of this machine: the keys of `std`'s hash maps come from the system's randomness.
fn random() -> String {
    let part = || RandomState::new().hash_one(0);
    format!("{:016x}{:016x}", part(), part())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_number_and_a_group() {
        let users = "root:x:0:0:root:/:/bin/sh\npostgres:x:101:104:PostgreSQL,,,:/var:/bin/bash\nbad:x:\n";
        let found = |name| Account::parse(users, name).map(|account| (account.user, account.group));
        assert_eq!(found("postgres"), Some((101, 104)));
        assert_eq!(found("root"), Some((0, 0)));
        assert_eq!((found("bad"), found("nobody")), (None, None));
    }

    #[test]
    fn no_two_passwords_are_the_same() {
        assert_ne!(random(), random());
        assert_eq!(random().len(), 32);
    }
}
