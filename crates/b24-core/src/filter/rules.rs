//! What holds for conditions, whether they were built or came as JSON.

/// What a value looks like, as far as the rules go.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Null,
    Scalar,
    NotFinite,
    List(Vec<Self>),
    Object,
}

/// What an operator compares with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Takes {
    /// A value, or null.
    Value,
    /// A value that has an order.
    Ordered,
    /// At least one value.
    Values,
    /// Two values that have an order.
    Bounds,
}

/// What is wrong with the name of a field.
pub(super) fn field_problem(field: &str) -> Option<&'static str> {
    if field.trim().is_empty() {
        return Some("the name of the field is empty");
    }
    // No field begins like this: an operator has slipped into the name.
    field
        .starts_with(['=', '!', '<', '>', '%', '@'])
        .then_some("the name of the field begins with an operator; the operator has a place of its own")
}

/// What is wrong with a value for an operator.
pub(super) fn operand_problem(takes: Takes, shape: &Shape) -> Option<&'static str> {
    let is_value = |shape: &Shape| matches!(shape, Shape::Scalar | Shape::Null);
    match (takes, shape) {
        (_, Shape::NotFinite) => Some(NOT_FINITE),
        (_, Shape::List(values)) if values.contains(&Shape::NotFinite) => Some(NOT_FINITE),
        (Takes::Value | Takes::Ordered, Shape::Scalar) | (Takes::Value, Shape::Null) => None,
        (Takes::Ordered, Shape::Null) => Some("null has no order"),
        (Takes::Value | Takes::Ordered, _) => Some("expected one text, number or boolean"),
        (Takes::Values, Shape::List(values)) if values.is_empty() => Some("the list of values is empty"),
        (Takes::Values, Shape::List(values)) if values.iter().all(is_value) => None,
        (Takes::Values, _) => Some("expected a list of texts, numbers or booleans"),
        (Takes::Bounds, Shape::List(bounds)) if *bounds == [Shape::Scalar, Shape::Scalar] => None,
        (Takes::Bounds, _) => Some("expected a list of two texts or numbers"),
    }
}

const NOT_FINITE: &str = "a number is not finite, which JSON cannot say";
