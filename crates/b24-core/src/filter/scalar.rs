//! One value to compare with.

use std::borrow::Cow;

use serde::Serialize;

use crate::DateTime;

/// A value that a filter compares with: text, number, boolean, moment or null, and never a list or an object.
///
/// Texts, numbers, booleans and [`DateTime`] become one by themselves; types of your own do with `impl From<Stage> for
/// Scalar`.
///
/// ```
/// use b24_core::Scalar;
///
/// assert_eq!(serde_json::to_string(&Scalar::from("NEW"))?, r#""NEW""#);
/// assert_eq!(serde_json::to_string(&Scalar::flag(true))?, r#""Y""#);
/// assert_eq!(serde_json::to_string(&Scalar::null())?, "null");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Scalar(Kind);

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Kind {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(Cow<'static, str>),
}

impl Scalar {
    /// No value: what an empty field of v3 is equal to. Not a matter of order, so `gt` and the like refuse it.
    #[must_use]
    pub fn null() -> Self {
        Self(Kind::Null)
    }

    /// `Y` or `N`, as most fields of v2 write a boolean. User fields of the type boolean take 1 and 0 in a filter.
    #[must_use]
    pub fn flag(yes: bool) -> Self {
        Self(Kind::Text(Cow::Borrowed(if yes { "Y" } else { "N" })))
    }

    pub(super) fn is_null(&self) -> bool {
        self.0 == Kind::Null
    }

    /// JSON has no infinity, and would say `null` in its place.
    pub(super) fn is_finite(&self) -> bool {
        if let Kind::Float(value) = self.0 { value.is_finite() } else { true }
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self(Kind::Bool(value))
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Scalar {
    fn from(text: String) -> Self {
        Self(Kind::Text(Cow::Owned(text)))
    }
}

/// What is borrowed is copied, so that `in_("id", &ids)` works on lists that are needed again.
impl<T: Clone + Into<Self>> From<&T> for Scalar {
    fn from(value: &T) -> Self {
        value.clone().into()
    }
}

impl From<DateTime> for Scalar {
    fn from(at: DateTime) -> Self {
        at.to_string().into()
    }
}

impl From<f64> for Scalar {
    fn from(value: f64) -> Self {
        Self(Kind::Float(value))
    }
}

macro_rules! numbers {
    ($variant:ident: $($number:ty),*) => {
        $(impl From<$number> for Scalar {
            fn from(value: $number) -> Self {
                Self(Kind::$variant(value.into()))
            }
        })*
    };
}

numbers!(Unsigned: u8, u16, u32, u64);
numbers!(Signed: i8, i16, i32, i64);
