//! What an error looks like: one line for people, fields for those who debug.

use std::{error::Error as _, fmt};

use super::Error;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(request) = self.request() {
            write!(f, "{}: ", request.method())?;
        }
        match (self.rest(), self.status()) {
            (Some(refusal), _) => fmt::Display::fmt(refusal, f),
            (None, Some(status)) => write!(f, "{} (status {}): {}", self.code(), status.as_u16(), self.message()),
            (None, None) => write!(f, "{}: {}", self.code(), self.message()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.kind()).field("code", &self.code()).field("message", &self.message());
        if let Some(status) = self.status() {
            out.field("status", &status.as_u16());
        }
        if !self.validation().is_empty() {
            out.field("validation", &self.validation());
        }
        out.field("may_have_run", &self.may_have_run()).field("attempts", &self.attempts());
        if let Some(cursor) = self.cursor() {
            out.field("cursor", cursor);
        }
        if let Some(request) = self.request() {
            out.field("request", request);
        }
        if let Some(source) = self.source() {
            out.field("source", &source);
        }
        out.finish()
    }
}
