//! How a body is written.

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// `application/x-www-form-urlencoded` with PHP's brackets: how every portal writes.
    Form,
    /// JSON: what stands between a portal and its receiver may write it so, a queue for example.
    Json,
}

impl Encoding {
    /// The encoding that a `Content-Type` names, whatever its parameters are; `None` for any other.
    ///
    /// ```
    /// use b24_events::Encoding;
    ///
    /// let form = "application/x-www-form-urlencoded; charset=UTF-8";
    /// assert_eq!(Encoding::of_content_type(form), Some(Encoding::Form));
    /// assert_eq!(Encoding::of_content_type("application/cloudevents+json"), Some(Encoding::Json));
    /// assert_eq!(Encoding::of_content_type("multipart/form-data; boundary=x"), None);
    /// ```
    #[must_use]
    pub fn of_content_type(value: &str) -> Option<Self> {
        let kind = value.split(';').next()?.trim().to_ascii_lowercase();
        match kind.split_once('/')? {
            ("application", "x-www-form-urlencoded") => Some(Self::Form),
            ("application", "json") => Some(Self::Json),
            ("application", other) if other.ends_with("+json") => Some(Self::Json),
            _ => None,
        }
    }

    /// The `Content-Type` of it, without parameters.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::Json => "application/json",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn content_types_are_read_in_any_case_and_with_parameters() {
        for (value, want) in [
            ("application/x-www-form-urlencoded", Some(Encoding::Form)),
            ("Application/X-WWW-Form-Urlencoded;charset=utf-8", Some(Encoding::Form)),
            (" application/json ; charset=utf-8", Some(Encoding::Json)),
            ("APPLICATION/JSON", Some(Encoding::Json)),
            ("application/vnd.api+json", Some(Encoding::Json)),
            ("application/jsonp", None),
            ("text/plain", None),
            ("json", None),
            ("", None),
        ] {
            assert_eq!(Encoding::of_content_type(value), want, "{value}");
        }
        for encoding in [Encoding::Form, Encoding::Json] {
            assert_eq!(Encoding::of_content_type(encoding.content_type()), Some(encoding));
        }
    }
}
