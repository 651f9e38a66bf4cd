//! The name of a field: a variable, and where in it the value goes.

use super::{FormError, MAX_DEPTH};

/// A name as PHP takes it apart.
#[derive(Debug)]
pub(super) struct Name<'a> {
    /// The variable.
    pub(super) head: String,
    /// The keys in its brackets; `None` for `[]`, which appends.
    pub(super) keys: Vec<Option<&'a str>>,
}

impl<'a> Name<'a> {
    /// Reads a decoded name; `None` for one that names nothing.
    ///
    /// The rules are those of `php_register_variable_ex` in PHP's `main/php_variables.c`: leading spaces go, a NUL ends the
    /// name, ` ` and `.` of the variable become `_`, and so does a `[` behind it that is never closed. What follows the last
    /// closed bracket is left out.
    pub(super) fn parse(name: &'a str) -> Result<Option<Self>, FormError> {
        let name = name.split('\0').next().unwrap_or_default().trim_start_matches(' ');
        let (variable, mut rest) = name.split_at(name.find('[').unwrap_or(name.len()));
        if variable.is_empty() {
            return Ok(None);
        }
        let mut head = variable.replace([' ', '.'], "_");
        let mut keys = Vec::new();
        while let Some(inner) = rest.strip_prefix('[') {
            let Some((key, tail)) = bracket(inner) else {
                if keys.is_empty() {
                    head.push('_');
                    head.push_str(inner);
                }
                break;
            };
            if keys.len() == MAX_DEPTH {
                return Err(FormError::TooDeep);
            }
            keys.push(key);
            rest = tail;
        }
        Ok(Some(Self { head, keys }))
    }
}

/// The key before the next `]`, and what follows; `[ ]` appends as `[]` does.
fn bracket(inner: &str) -> Option<(Option<&str>, &str)> {
    let (key, tail) = inner.split_once(']')?;
    let appends = matches!(key, "" | " " | "\t" | "\n" | "\x0b" | "\x0c" | "\r");
    Some(((!appends).then_some(key), tail))
}
