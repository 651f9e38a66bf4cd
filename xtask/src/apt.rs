//! Debian's packages: what there is, and how to get it.

mod answers;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::machine;
use crate::outcome::Result;
use crate::process::end_within;
use crate::retry::{PAUSE, retry};
use crate::scratch::Scratch;

/// An apt with lists and archives of its own.
///
/// It neither needs nor disturbs those of the machine: the `apt-get update` of somebody else may empty their folder in
/// the middle of an installation. Its folder goes with it.
#[derive(Debug)]
pub(crate) struct Apt {
    folder: Scratch,
}

/// One command of apt: a download and an installation.
const LIMIT: Duration = Duration::from_secs(600);

impl Apt {
    /// Fetches the lists into `folder`.
    pub(crate) fn open(folder: Scratch) -> Result<Self> {
        if machine::is_offline() {
            return Err("B24_OFFLINE is set".into());
        }
        fs::create_dir_all(folder.path().join("lists/partial"))?;
        fs::create_dir_all(folder.path().join("cache/archives/partial"))?;
        let apt = Self { folder };
        fs::write(apt.configuration(), configuration(apt.folder.path()))?;
        apt.get(&["update"], apt.folder.path())?;
        Ok(apt)
    }

    /// The version that an installation would take.
    pub(crate) fn candidate(&self, package: &str) -> Result<String> {
        let policy = self.ask(&["policy", package])?;
        let candidate = answers::candidate(&policy).ok_or_else(|| format!("there is no package {package}"))?;
        Ok(candidate.to_owned())
    }

    /// The names of what a package depends on, without versions and alternatives.
    pub(crate) fn depends(&self, package: &str, version: &str) -> Result<Vec<String>> {
        let shown = self.ask(&["show", &format!("{package}={version}")])?;
        Ok(answers::depends(&shown))
    }

    /// Fetches packages (`name`, `name=version`) as files, which appear in `into`.
    pub(crate) fn download(&self, packages: &[String], into: &Path) -> Result {
        let packages = packages.iter().map(String::as_str);
        self.get(&["download"].into_iter().chain(packages).collect::<Vec<_>>(), into)
    }

    /// Installs packages and what they need. Takes root.
    pub(crate) fn install(&self, packages: &[&str]) -> Result {
        let options = ["install", "--yes", "--no-install-recommends"];
        self.get(&[&options[..], packages].concat(), self.folder.path())
    }

    fn get(&self, arguments: &[&str], folder: &Path) -> Result {
        let shown = format!("apt-get {}", arguments.join(" "));
        println!("$ {shown}");
        retry(PAUSE, || {
            let mut command = self.command("apt-get");
            command.arg("-q").args(arguments).current_dir(folder).stdout(Stdio::null());
            end_within(LIMIT, &shown, command)
        })
    }

    fn ask(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command("apt-cache").args(arguments).output()?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
        }
        Err(format!("apt-cache {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()).into())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("-c").arg(self.configuration());
        // Its answers are read, so they are in one language.
        command.env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
        command
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("apt.conf")
    }
}

/// Hooks are cleared: those of container images empty the folder of archives.
fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        r#"#clear APT::Update::Post-Invoke;
#clear DPkg::Post-Invoke;
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
APT::Sandbox::User "root";
Acquire::Retries "3";
Acquire::Languages "none";
DPkg::Lock::Timeout "300";
"#
    )
}
