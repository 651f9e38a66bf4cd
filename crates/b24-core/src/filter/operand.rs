//! What a condition compares with: one value or several.

use serde::Serialize;

use super::{Scalar, rules::Shape};

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Operand {
    One(Scalar),
    Several(Vec<Scalar>),
}

impl Operand {
    pub(super) fn one(value: impl Into<Scalar>) -> Self {
        Self::One(value.into())
    }

    pub(super) fn several(values: impl IntoIterator<Item = impl Into<Scalar>>) -> Self {
        Self::Several(values.into_iter().map(Into::into).collect())
    }

    pub(super) fn shape(&self) -> Shape {
        match self {
            Self::One(value) => value.into(),
            Self::Several(values) => Shape::List(values.iter().map(Into::into).collect()),
        }
    }
}

impl From<&Scalar> for Shape {
    fn from(value: &Scalar) -> Self {
        match value {
            value if value.is_null() => Self::Null,
            value if value.is_finite() => Self::Scalar,
            _ => Self::NotFinite,
        }
    }
}
