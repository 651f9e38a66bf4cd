//! What an application is opened with.

use std::fmt;

use serde_json::{Map, Value};

use super::{Tokens, tokens::text};

/// What the portal's page tells an application when it is opened.
/// `Debug` shows no settings: applications keep secrets in them.
///
/// Source: <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/system-functions/bx24-init.html>
#[derive(Clone)]
pub struct InitData {
    pub(crate) tokens: Tokens,
    pub(crate) member_id: String,
    pub(crate) language: String,
    pub(crate) is_admin: bool,
    pub(crate) is_installing: bool,
    pub(crate) is_first_run: bool,
    pub(crate) placement: String,
    pub(crate) placement_options: Map<String, Value>,
    pub(crate) app_options: Map<String, Value>,
    pub(crate) user_options: Map<String, Value>,
}

impl InitData {
    /// Reads the answer to `getInitData`. Only the token must be there.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(answer: &Value) -> Result<Self, &'static str> {
        let tokens = Tokens::parse(answer)?;
        let fields = answer.as_object().ok_or("it is no object")?;
        let owned = |name, otherwise: &str| text(fields, name).unwrap_or(otherwise).to_owned();
        Ok(Self {
            tokens,
            member_id: owned("MEMBER_ID", ""),
            language: owned("LANG", "en"),
            is_admin: flag(fields.get("IS_ADMIN")),
            is_installing: flag(fields.get("INSTALL")),
            is_first_run: flag(fields.get("FIRST_RUN")),
            placement: owned("PLACEMENT", "DEFAULT"),
            placement_options: object(fields.get("PLACEMENT_OPTIONS")),
            app_options: object(fields.get("APP_OPTIONS")),
            user_options: object(fields.get("USER_OPTIONS")),
        })
    }
}

impl fmt::Debug for InitData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitData")
            .field("member_id", &self.member_id)
            .field("language", &self.language)
            .field("is_admin", &self.is_admin)
            .field("is_installing", &self.is_installing)
            .field("is_first_run", &self.is_first_run)
            .field("placement", &self.placement)
            .finish_non_exhaustive()
    }
}

/// PHP's many ways to say yes.
fn flag(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(yes)) => *yes,
        Some(Value::Number(number)) => number.as_f64().is_some_and(|number| number != 0.0),
        Some(Value::String(text)) => matches!(text.as_str(), "Y" | "y" | "1" | "true"),
        _ => false,
    }
}

/// An object, one that is written as text, or PHP's empty array, which is an empty object.
fn object(value: Option<&Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(fields)) => fields.clone(),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(Value::Array(rows)) => {
            let mut fields = Map::new();
            for (number, row) in rows.iter().enumerate() {
                fields.insert(number.to_string(), row.clone());
            }
            fields
        }
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_but_the_token_may_be_missing() {
        let init = InitData::parse(&json!({ "AUTH_ID": "t0ken" })).unwrap();
        assert_eq!((init.language.as_str(), init.placement.as_str(), init.member_id.as_str()), ("en", "DEFAULT", ""));
        assert!(!init.is_admin && !init.is_installing && !init.is_first_run);
        assert!(InitData::parse(&json!({ "LANG": "en" })).is_err());
    }

    #[test]
    fn yes_is_said_in_many_ways() {
        for yes in [json!(true), json!("Y"), json!(1), json!("1"), json!("true")] {
            assert!(InitData::parse(&json!({ "AUTH_ID": "t", "INSTALL": yes })).unwrap().is_installing, "{yes}");
        }
        for no in [json!(false), json!("N"), json!(0), json!(""), json!(null), json!([]), json!("0")] {
            assert!(!InitData::parse(&json!({ "AUTH_ID": "t", "INSTALL": no })).unwrap().is_installing, "{no}");
        }
    }

    #[test]
    fn debug_shows_no_token_and_no_settings() {
        let secret = json!({ "key": "s3cr3t" });
        let init = json!({ "AUTH_ID": "s3cr3t", "APP_OPTIONS": secret, "USER_OPTIONS": secret, "LANG": "de" });
        let shown = format!("{:?}", InitData::parse(&init).unwrap());
        assert!(shown.contains("de") && !shown.contains("s3cr3t"), "{shown}");
    }

    #[test]
    fn options_come_as_object_as_text_or_as_phps_empty_array() {
        for (options, want) in [
            (json!({ "ID": "5" }), json!({ "ID": "5" })),
            (json!(r#"{"ID":"5"}"#), json!({ "ID": "5" })),
            (json!([]), json!({})),
            (json!(["a"]), json!({ "0": "a" })),
            (json!(null), json!({})),
            (json!("no json"), json!({})),
        ] {
            let init = InitData::parse(&json!({ "AUTH_ID": "t", "PLACEMENT_OPTIONS": options })).unwrap();
            assert_eq!(Value::Object(init.placement_options), want);
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            let fields = prop::sample::select(vec![
                "AUTH_ID",
                "AUTH_EXPIRES",
                "LANG",
                "INSTALL",
                "PLACEMENT",
                "PLACEMENT_OPTIONS",
                "USER_OPTIONS",
            ]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((fields, inner), 0..7).prop_map(|fields| {
                    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(answer in any_json()) {
            let _ = InitData::parse(&answer);
        }
    }
}
