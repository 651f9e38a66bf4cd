//! The lines of a file or of standard input, read beside the calls and not in their way.

use std::path::Path;

use tokio::{
    fs::File,
    io::{AsyncBufRead, AsyncBufReadExt, BufReader, stdin},
};

use crate::failure::Failure;

type Source = tokio::io::Lines<Box<dyn AsyncBufRead + Send + Unpin>>;

/// Lines with their numbers; blank ones are passed over.
pub(crate) struct Lines {
    source: Source,
    number: u64,
}

impl Lines {
    /// Without a path, or with `-`, they are those of standard input.
    pub(crate) async fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let source: Box<dyn AsyncBufRead + Send + Unpin> = match path.filter(|path| *path != Path::new("-")) {
            None => Box::new(BufReader::new(stdin())),
            Some(path) => {
                let file = File::open(path).await;
                let file =
                    file.map_err(|error| Failure::unusable(format!("cannot read {}: {error}", path.display())))?;
                Box::new(BufReader::new(file))
            }
        };
        Ok(Self { source: source.lines(), number: 0 })
    }

    /// The next line that is not blank, and its number.
    pub(crate) async fn next(&mut self) -> Result<Option<(u64, String)>, Failure> {
        loop {
            self.number += 1;
            let number = self.number;
            let line = self.source.next_line().await;
            let line = line.map_err(|error| Failure::unusable(format!("line {number}: {error}")))?;
            let Some(line) = line else { return Ok(None) };
            // Editors put a byte order mark in front of the first line.
            let bare = line.trim_start_matches('\u{feff}').trim();
            if !bare.is_empty() {
                return Ok(Some((number, if bare.len() == line.len() { line } else { bare.to_owned() })));
            }
        }
    }
}
