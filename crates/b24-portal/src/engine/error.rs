//! How the portal says no, in its two generations.

use crate::config::Dialect;
use crate::value::{Array, Value, map};

/// An error of a v2 call: `{"error": …, "error_description": …}`.
///
/// Codes and statuses: <https://apidocs.bitrix24.com/error-codes.html>
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    body: Box<Array>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: impl Into<Value>, description: impl Into<String>) -> Self {
        let body = map! { "error" => code, "error_description" => description.into() };
        Self { status, body: Box::new(body) }
    }

    pub(crate) fn method_not_found() -> Self {
        Self::new(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
    }

    pub(crate) fn wrong_transport() -> Self {
        Self::new(500, "INTERNAL_WRONG_TRANSPORT", "Wrong transport!")
    }

    pub(crate) fn too_many_requests() -> Self {
        Self::new(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")
    }

    pub(crate) fn operation_time_limit() -> Self {
        Self::new(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.")
    }

    pub(crate) fn no_auth() -> Self {
        Self::new(401, "NO_AUTH_FOUND", "Wrong authorization data")
    }

    pub(crate) fn invalid_token() -> Self {
        Self::new(401, "invalid_token", "Unable to get application by token")
    }

    pub(crate) fn expired_token() -> Self {
        Self::new(401, "expired_token", "The access token provided has expired.")
    }

    /// The application behind the token is not there any more.
    pub(crate) fn not_installed() -> Self {
        Self::new(401, "ERROR_OAUTH", "Application not installed")
    }

    pub(crate) fn payment_required() -> Self {
        Self::new(401, "PAYMENT_REQUIRED", "Payment required")
    }

    pub(crate) fn invalid_credentials(dialect: Dialect) -> Self {
        Self::new(by(dialect, 403, 401), "INVALID_CREDENTIALS", "Invalid request credentials")
    }

    pub(crate) fn insufficient_scope(dialect: Dialect) -> Self {
        let text = "The request requires higher privileges than provided by the webhook token";
        Self::new(by(dialect, 403, 401), "insufficient_scope", text)
    }

    pub(crate) fn portal_deleted(dialect: Dialect) -> Self {
        Self::new(by(dialect, 500, 410), "PORTAL_DELETED", "Portal was deleted")
    }

    pub(crate) fn overload_limit(dialect: Dialect) -> Self {
        Self::new(by(dialect, 503, 401), "OVERLOAD_LIMIT", "REST API is blocked due to overload.")
    }

    /// A result that carries a filled `error` and `error_description` is an error, with status 200.
    ///
    /// Its other keys (`argument`, `error_content`) go with it.
    pub(crate) fn inside(result: &Array) -> Option<Self> {
        let filled = |name: &str| result.get(name).filter(|value| value.is_truthy());
        filled("error")?;
        filled("error_description")?.to_text()?;
        Some(Self { status: 200, body: Box::new(result.clone()) })
    }

    pub(crate) fn link_check_failed() -> Self {
        Self::new(403, "ACCESS_DENIED", "Link check failed")
    }

    /// A controller's required argument is absent: <https://apidocs.bitrix24.com/error-codes.html>
    pub(crate) fn missing_parameter(name: &str) -> Self {
        Self::new(400, "100", format!("Could not find value for parameter {{{name}}}"))
    }

    /// An argument is absent or wrong, in the words of the older services.
    pub(crate) fn argument(name: &'static str, description: impl Into<String>) -> Self {
        let mut refusal = Self::new(400, "ERROR_ARGUMENT", description);
        refusal.body.set("argument", name);
        refusal
    }

    /// The plan of the portal does not have it.
    pub(crate) fn wrong_license(feature: &str) -> Self {
        Self::new(403, "WRONG_LICENSE", format!("Access denied! Upgrade your plan: {feature}"))
    }

    /// The same refusal with its code alone.
    pub(crate) fn without_description(mut self) -> Self {
        self.body.set("error_description", "");
        self
    }

    pub(crate) fn to_array(&self) -> Array {
        self.body.as_ref().clone()
    }
}

/// An error of a v3 call: `{"error": {"code": …, "message": …, "validation": […]}}`.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(crate) status: u16,
    code: &'static str,
    message: String,
    validation: Vec<Violation>,
}

#[derive(Clone, Debug)]
struct Violation {
    message: String,
    field: Option<String>,
}

impl Trouble {
    /// `code` is the part between `BITRIX_REST_V3_EXCEPTION_` and `EXCEPTION`.
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), validation: Vec::new() }
    }

    pub(crate) fn method_not_found(method: &str, status: u16) -> Self {
        Self::new(status, "METHODNOTFOUND", format!("Method `{method}` not found"))
    }

    pub(crate) fn access_denied(status: u16) -> Self {
        Self::new(status, "ACCESSDENIED", "Access denied")
    }

    pub(crate) fn insufficient_scope() -> Self {
        Self::new(403, "INSUFFICIENTSCOPE", "The request requires higher privileges than provided by the access token")
    }

    pub(crate) fn rate_limit() -> Self {
        Self::new(429, "RATELIMIT", "Method is blocked due to operation time limit.")
    }

    pub(crate) fn invalid_json() -> Self {
        Self::new(400, "INVALIDJSON", "Unable to parse the request body as JSON")
    }

    pub(crate) fn invalid_select(part: &Value) -> Self {
        Self::unrecognised("INVALIDSELECT", "select expression", part)
    }

    pub(crate) fn invalid_filter(part: &Value) -> Self {
        Self::unrecognised("INVALIDFILTER", "filter expression", part)
    }

    pub(crate) fn invalid_order(part: &Value) -> Self {
        Self::unrecognised("INVALIDORDER", "order expression", part)
    }

    pub(crate) fn invalid_pagination(part: &Value) -> Self {
        Self::unrecognised("INVALIDPAGINATION", "pagination parameter", part)
    }

    pub(crate) fn unknown_property(name: &str, dto: &str) -> Self {
        Self::new(400, "UNKNOWNDTOPROPERTY", format!("Unknown field `{name}` for entity `{dto}`"))
    }

    pub(crate) fn not_found(id: i64) -> Self {
        Self::new(400, "ENTITYNOTFOUND", format!("Record with ID = `{id}` not found."))
    }

    /// `*.field.get` of a field that is not there: one of the codes outside the usual namespace.
    pub(crate) fn field_not_found(name: &str) -> Self {
        Self::new(400, "FIELDNOTFOUND", format!("Field `{name}` not found"))
    }

    /// A required field is absent from the request.
    pub(crate) fn required(field: &str) -> Self {
        Self::new(400, "VALIDATION_REQUESTVALIDATION", "Request object validation error")
            .and(format!("Required field `{field}` is not specified"), field)
    }

    /// A field of the request has a value of the wrong type.
    pub(crate) fn wrong_type(field: &str, wanted: &str) -> Self {
        Self::new(400, "VALIDATION_REQUESTVALIDATION", "Request object validation error")
            .and(format!("Field `{field}` requires data type `{wanted}` for this request"), field)
    }

    /// A field of the object that is to be written is absent or wrong.
    pub(crate) fn dto_field(field: &str, message: impl Into<String>) -> Self {
        Self::new(400, "VALIDATION_DTOVALIDATION", "Object validation error").and(message.into(), field)
    }

    fn and(mut self, message: String, field: &str) -> Self {
        self.validation.push(Violation { message, field: Some(field.to_owned()) });
        self
    }

    fn unrecognised(code: &'static str, what: &str, part: &Value) -> Self {
        // A text is shown as it is, anything else as JSON.
        let shown = match part {
            Value::Str(text) => text.clone().into_owned(),
            part => String::from_utf8(crate::value::to_bytes(part)).unwrap_or_default(),
        };
        Self::new(400, code, format!("Unable to recognize {what} `{shown}`"))
    }

    pub(crate) fn to_value(&self) -> Value {
        let space = if self.code == "FIELDNOTFOUND" { "REALISATION_EXCEPTION" } else { "EXCEPTION" };
        let mut error = map! {
            "code" => format!("BITRIX_REST_V3_{space}_{}EXCEPTION", self.code),
            "message" => self.message.clone(),
        };
        if !self.validation.is_empty() {
            let violations: Vec<Array> = self.validation.iter().map(Violation::to_array).collect();
            error.set("validation", violations);
        }
        map! { "error" => error }.into()
    }
}

impl Violation {
    fn to_array(&self) -> Array {
        let mut array = map! { "message" => self.message.clone() };
        if let Some(field) = &self.field {
            array.set("field", field.clone());
        }
        array
    }
}

fn by(dialect: Dialect, docs: u16, php: u16) -> u16 {
    match dialect {
        Dialect::Docs => docs,
        Dialect::Php => php,
    }
}
