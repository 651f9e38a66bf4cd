//! Tokens from the portal's page.

use std::time::Duration;

use b24_core::Secret;
use serde_json::{Map, Value};

/// An access token from the portal's page. The refresh token stays with the page, which is asked for a new one.
#[derive(Clone, Debug)]
pub struct Tokens {
    access: Secret,
    life: Option<Duration>,
}

impl Tokens {
    /// Reads `AUTH_ID` and `AUTH_EXPIRES`, seconds from now.
    ///
    /// Where `AUTH_EXPIRES` is missing or no number, the life of the token is not known: it is used until the portal
    /// refuses it.
    ///
    /// # Errors
    /// What is wrong with it: there is no token that could be sent.
    pub fn parse(answer: &Value) -> Result<Self, &'static str> {
        let fields = answer.as_object().ok_or("it is no object")?;
        let access = text(fields, "AUTH_ID").ok_or("it has no AUTH_ID")?;
        // It goes into a header.
        if !access.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("its AUTH_ID is no token");
        }
        Ok(Self { access: Secret::from(access), life: seconds(fields.get("AUTH_EXPIRES")) })
    }

    /// The access token.
    #[must_use]
    pub fn access(&self) -> &Secret {
        &self.access
    }

    /// How long it is good for, if that is known.
    #[must_use]
    pub fn life(&self) -> Option<Duration> {
        self.life
    }
}

/// A text that is not empty.
pub(super) fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn seconds(value: Option<&Value>) -> Option<Duration> {
    let seconds = match value? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => serde_json::from_str(text.trim()).ok()?,
        _ => return None,
    };
    // Nothing that lasts longer than a day was ever given out; more is no life but a date.
    (seconds > 0.0 && seconds <= LONGEST).then(|| Duration::from_secs_f64(seconds))
}

const LONGEST: f64 = 24.0 * 60.0 * 60.0;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_life_of_a_token_comes_as_number_or_text() {
        for life in [json!(3600), json!("3600"), json!(" 3600 "), json!(3600.0)] {
            let tokens = Tokens::parse(&json!({ "AUTH_ID": "t0ken", "AUTH_EXPIRES": life })).unwrap();
            assert_eq!(tokens.life(), Some(Duration::from_secs(3600)), "{life}");
        }
    }

    #[test]
    fn a_life_that_is_missing_or_no_number_is_not_known() {
        for life in [json!(null), json!("soon"), json!(""), json!(0), json!(-5), json!([1]), json!("NaN"), json!(1.8e9)]
        {
            let tokens = Tokens::parse(&json!({ "AUTH_ID": "t0ken", "AUTH_EXPIRES": life })).unwrap();
            assert_eq!(tokens.life(), None, "{life}");
        }
        assert_eq!(Tokens::parse(&json!({ "AUTH_ID": "t0ken" })).unwrap().life(), None);
    }

    #[test]
    fn an_answer_without_a_token_is_refused() {
        let odd = ["t0k\nen", " ", "t0ken\u{0}", "tök€n", "a b"].map(|token| json!({ "AUTH_ID": token }));
        let none = [json!(null), json!([]), json!({}), json!({ "AUTH_ID": "" }), json!({ "AUTH_ID": 7 })];
        for answer in odd.into_iter().chain(none) {
            assert!(Tokens::parse(&answer).is_err(), "{answer}");
        }
    }

    #[test]
    fn debug_does_not_show_the_token() {
        let tokens = Tokens::parse(&json!({ "AUTH_ID": "t0ken" })).unwrap();
        assert!(!format!("{tokens:?}").contains("t0ken"));
    }
}
