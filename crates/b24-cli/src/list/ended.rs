//! What is said when a list ends before its last row.

use b24::{Cursor, Error, ErrorKind, core::SdkCode};

use super::Printed;
use crate::{
    args::ListArgs,
    failure::Failure,
    output::{explain, say},
};

/// Why and where a list ended early.
pub(super) struct Ended<'a> {
    /// Or the exit status: somebody asked for the end.
    error: Result<&'a Error, u8>,
    printed: &'a Printed,
}

impl<'a> Ended<'a> {
    pub(super) fn interrupted(status: u8, printed: &'a Printed) -> Self {
        Self { error: Err(status), printed }
    }

    pub(super) fn failed(error: &'a Error, printed: &'a Printed) -> Self {
        Self { error: Ok(error), printed }
    }

    /// Says it on standard error.
    pub(super) fn report(self, args: &ListArgs) -> Result<(), Failure> {
        let error = match self.error {
            Ok(error) => error,
            Err(status) => {
                say("b24: interrupted");
                say(&format!("b24: {}", rest(self.printed, args)));
                return Err(Failure::Interrupted(status));
            }
        };
        let is = |code: SdkCode| error.code() == code.as_str();
        if is(SdkCode::ListKeysNeeded) {
            return Err(Failure::unusable(keys_needed(&args.method)));
        }
        if error.kind() == ErrorKind::Usage {
            return Err(Failure::refused(error));
        }
        say(&format!("b24: {}", explain(error)));
        // Going on would end in the same place.
        if is(SdkCode::ItemsNotFound) {
            say("b24: --items-key KEY says under which key of the result the rows are");
        } else if is(SdkCode::CursorStalled) {
            say(
                "b24: is the id in --select, and are --id-key and --cursor-key spelled right? --by-offset goes without",
            );
        } else if self.printed.rows > 0 {
            say(&format!("b24: {}", rest(self.printed, args)));
        }
        Err(Failure::Call)
    }
}

fn keys_needed(method: &str) -> String {
    format!(
        "LIST_KEYS_NEEDED: the lists of `{method}` are not known: say with --id-key what the id is called in a row, and \
         with --items-key under which key of the result the rows are, if it is not the result itself; or with \
         --by-offset that rows have no id to go by"
    )
}

/// How many rows there are, and what brings the others.
fn rest(Printed { rows, cursor }: &Printed, args: &ListArgs) -> String {
    match (rows, cursor) {
        (0, _) => "no row was printed".to_owned(),
        (rows, None) => format!("{rows} rows are printed; a list by offset has no place to go on from"),
        (rows, Some(cursor)) => {
            let left = args.limit.map(|limit| format!(" --limit {}", limit.get() - rows)).unwrap_or_default();
            format!("{rows} rows are printed; go on with: --resume-after {}{left}", word(cursor))
        }
    }
}

/// A cursor as one word of a shell.
fn word(cursor: &Cursor) -> String {
    let json = cursor.to_string();
    // Portals take an id that is text and one that is a number for the same.
    let digits = json.trim_matches('"');
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.to_owned();
    }
    format!("'{}'", json.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_one_word_for_a_shell() {
        for (cursor, want) in [
            (Cursor::from(150_u64), "150"),
            (Cursor::from("150"), "150"),
            (Cursor::from("T_5"), r#"'"T_5"'"#),
            (Cursor::from("a'b $x"), r#"'"a'\''b $x"'"#),
            (Cursor::from(-5_i64), "'-5'"),
        ] {
            assert_eq!(word(&cursor), want);
        }
    }
}
