//! The arguments that say where to call, and with which credentials.

use std::path::PathBuf;

use b24::Secret;
use clap::Args as ClapArgs;

use crate::failure::Failure;

/// Where to call.
///
/// The environment is not read by clap: an argument has to win over the variable of the other kind of credentials, and
/// clap would call the two a conflict.
#[derive(Debug, ClapArgs)]
pub(crate) struct PortalAccess {
    /// The inbound webhook: https://<portal>/rest/<user id>/<secret>/ [env: `B24_HOOK`]
    ///
    /// Better set in the environment: other users of this machine can see arguments.
    #[arg(long, value_name = "URL", value_parser = secret)]
    hook: Option<Secret>,

    /// Call as an application, with the tokens in this file, as `b24 login` writes it [env: `B24_OAUTH`]
    ///
    /// Nobody but its owner may read it. Tokens that have expired are replaced in it.
    #[arg(long, value_name = "FILE", conflicts_with = "hook")]
    oauth: Option<PathBuf>,

    /// Trust the root certificates in this PEM file beside those of the platform
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

/// What calls prove themselves with.
#[derive(Debug)]
pub(crate) enum Credentials {
    Hook(Secret),
    OAuth(PathBuf),
}

const B24_HOOK: &str = "B24_HOOK";
const B24_OAUTH: &str = "B24_OAUTH";

impl PortalAccess {
    /// What the arguments name, or else the environment.
    pub(crate) fn credentials(&self) -> Result<Credentials, Failure> {
        let hook = std::env::var_os(B24_HOOK).map(|hook| hook.into_string().map(Secret::from));
        let hook = hook.transpose().map_err(|_| Failure::unusable("HOOK_URL_INVALID: B24_HOOK is no text"));
        choose((self.hook.clone(), self.oauth.clone()), (hook, std::env::var_os(B24_OAUTH).map(PathBuf::from)))
    }
}

type FromEnvironment = (Result<Option<Secret>, Failure>, Option<PathBuf>);

fn choose(given: (Option<Secret>, Option<PathBuf>), set: FromEnvironment) -> Result<Credentials, Failure> {
    match given {
        (Some(hook), _) => return Ok(Credentials::Hook(hook)),
        (_, Some(file)) => return Ok(Credentials::OAuth(file)),
        (None, None) => {}
    }
    // A variable that is set to nothing is as good as none.
    let file = set.1.filter(|file| !file.as_os_str().is_empty());
    let hook = set.0?.filter(|hook| !hook.expose().trim().is_empty());
    match (hook, file) {
        // Which of them is meant cannot be guessed: the calls could reach another portal than the one that was meant.
        (Some(_), Some(_)) => {
            Err(Failure::unusable("B24_HOOK and B24_OAUTH are both set: say with --hook or --oauth which to use"))
        }
        (Some(hook), None) => Ok(Credentials::Hook(hook)),
        (None, Some(file)) => Ok(Credentials::OAuth(file)),
        (None, None) => Err(Failure::unusable(
            "HOOK_URL_EMPTY: no webhook and no application; set B24_HOOK or give --hook, or give --oauth FILE",
        )),
    }
}

fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(given: (Option<&str>, Option<&str>), set: (Option<&str>, Option<&str>)) -> Result<String, String> {
        let (hook, file) = set;
        let chosen = choose(
            (given.0.map(Secret::from), given.1.map(PathBuf::from)),
            (Ok(hook.map(Secret::from)), file.map(PathBuf::from)),
        );
        match chosen {
            Ok(Credentials::Hook(hook)) => Ok(format!("hook {}", hook.expose())),
            Ok(Credentials::OAuth(file)) => Ok(format!("file {}", file.display())),
            Err(failure) => Err(format!("{failure:?}")),
        }
    }

    #[test]
    fn an_argument_wins_over_the_environment_whatever_it_says() {
        for (given, set, want) in [
            ((Some("a"), None), (Some("b"), Some("c")), "hook a"),
            ((None, Some("a")), (Some("b"), Some("c")), "file a"),
            ((Some(""), None), (None, Some("c")), "hook "),
            ((None, None), (Some("b"), None), "hook b"),
            ((None, None), (None, Some("c")), "file c"),
            ((None, None), (Some("b"), Some("")), "hook b"),
            ((None, None), (Some(" "), Some("c")), "file c"),
        ] {
            assert_eq!(chosen(given, set).as_deref(), Ok(want), "{given:?} {set:?}");
        }
    }

    #[test]
    fn an_environment_with_both_or_none_is_refused() {
        assert!(chosen((None, None), (Some("b"), Some("c"))).unwrap_err().contains("both set"));
        assert!(chosen((None, None), (Some(""), None)).unwrap_err().contains("HOOK_URL_EMPTY"));
        assert!(chosen((None, None), (None, None)).unwrap_err().contains("B24_HOOK"));
    }
}
