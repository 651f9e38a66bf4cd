//! The operators and the two ways to join conditions.

use crate::filter::rules::Takes;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    In,
    Between,
}

impl Operator {
    const ALL: [Self; 8] = [Self::Eq, Self::Ne, Self::Gt, Self::Ge, Self::Lt, Self::Le, Self::In, Self::Between];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::In => "in",
            Self::Between => "between",
        }
    }

    /// Portals do not look at the case.
    pub(super) fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.as_str().eq_ignore_ascii_case(text))
    }

    pub(super) fn takes(self) -> Takes {
        match self {
            Self::Eq | Self::Ne => Takes::Value,
            Self::Gt | Self::Ge | Self::Lt | Self::Le => Takes::Ordered,
            Self::In => Takes::Values,
            Self::Between => Takes::Bounds,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Logic {
    And,
    Or,
}

impl Logic {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
        }
    }

    /// Portals do not look at the case.
    pub(super) fn read(text: &str) -> Option<Self> {
        [Self::And, Self::Or].into_iter().find(|logic| logic.as_str().eq_ignore_ascii_case(text))
    }
}
