//! The names of spans, events and their fields: the current OpenTelemetry names, and our own under `b24.`.
//!
//! They are public API: renaming one is a breaking change.
//!
//! Source: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>

/// The span of one call, from the first wait to the last answer.
pub const SPAN_CALL: &str = "b24.call";
/// The target of the events of single sends.
pub const TARGET_TRANSPORT: &str = "b24::transport";
/// The target of the events of whole calls.
pub const TARGET_CLIENT: &str = "b24::client";
/// The target of the events of calls that are sent again.
pub const TARGET_RETRY: &str = "b24::retry";
/// The target of the events of the portal's limits.
pub const TARGET_LIMITER: &str = "b24::limiter";
/// The target of the events of credentials.
pub const TARGET_AUTH: &str = "b24::auth";
/// The target of the events of the portal's frame.
pub const TARGET_FRAME: &str = "b24::frame";
/// The target of the events of what the portal delivers.
pub const TARGET_EVENTS: &str = "b24::events";
/// The span of one delivery of the portal that is being handled.
pub const SPAN_EVENT: &str = "b24.event";

/// Always `POST`.
pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
/// How often the call was sent again.
pub const HTTP_REQUEST_RESEND_COUNT: &str = "http.request.resend_count";
/// The status of the answer that ended the call.
pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
/// The portal's host.
pub const SERVER_ADDRESS: &str = "server.address";
/// The portal's port.
pub const SERVER_PORT: &str = "server.port";
/// Always [`URL_TEMPLATE_VALUE`]: the full URL of a webhook is a secret.
pub const URL_TEMPLATE: &str = "url.template";
/// What `url.template` says.
pub const URL_TEMPLATE_VALUE: &str = "/rest/{method}";
/// The code of the error that ended the call.
pub const ERROR_TYPE: &str = "error.type";
/// `client`.
pub const OTEL_KIND: &str = "otel.kind";
/// `error` when the call failed.
pub const OTEL_STATUS_CODE: &str = "otel.status_code";

/// Milliseconds the last send of a call has waited for the portal's limits.
pub const LIMITER_WAIT_MS: &str = "b24.limiter_wait_ms";
/// Milliseconds of a wait: until a call is sent again, or for the portal's limits.
pub const WAIT_MS: &str = "b24.wait_ms";
/// Milliseconds one send took.
pub const ELAPSED_MS: &str = "b24.elapsed_ms";
/// The parameters of a call, redacted; at the trace level only.
pub const PARAMS: &str = "b24.params";
/// Which renewal a pair of tokens came from.
pub const GENERATION: &str = "b24.generation";
/// The command to the portal's page around a frame.
pub const COMMAND: &str = "b24.command";
/// The origin a message in the browser came from.
pub const ORIGIN: &str = "b24.origin";
/// The name of an event of the portal, or the code of a robot.
pub const EVENT: &str = "b24.event";
/// The REST method.
pub const METHOD: &str = "b24.method";
/// `v2` or `v3`.
pub const API_VERSION: &str = "b24.api_version";
/// The id the call is known by in the portal's log and ours.
pub const REQUEST_ID: &str = "b24.request_id";
