//! The authorisation server: another host than the portal, which alone knows the secrets of applications.
//!
//! <https://apidocs.bitrix24.com/settings/oauth/index.html>,
//! <https://apidocs.bitrix24.com/settings/oauth/auto-renewal.html>

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request};

use super::address::{Address, Transport};
use super::auth::AuthFailure;
use super::error::Refusal;
use super::input::media_type;
use super::{Asked, Delivery, Engine, Outcome, clockwork, reply, v2};
use crate::fault::{Fault, Phase};
use crate::oauth::{Denied, Pair};
use crate::php::{form, time};
use crate::record::RecordedRequest;
use crate::value::{Array, Value, map};

/// Which of the two hosts a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    Portal,
    Authority,
}

impl Site {
    pub(super) fn asked(self, path: &str) -> Asked {
        match self {
            Self::Portal => Asked::of(Address::parse(path).as_ref()),
            Self::Authority => Asked { version: None, method: endpoint(path) },
        }
    }
}

/// `token` of `/oauth/token/`, the method of `/rest/<method>`, or nothing.
fn endpoint(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts[..] {
        ["oauth", "token"] => "token".to_owned(),
        ["rest", method] => method.strip_suffix(".json").unwrap_or(method).to_owned(),
        _ => String::new(),
    }
}

/// What a request to the token endpoint asks for.
enum Grant<'a> {
    Code(&'a str),
    Refresh(&'a str),
}

impl Engine {
    pub(crate) fn handle_at(&mut self, site: Site, now: Duration, source: IpAddr, request: Request<Bytes>) -> Outcome {
        match site {
            Site::Portal => self.handle(now, source, request),
            Site::Authority => self.handle_auth(now, source, request),
        }
    }

    fn handle_auth(&mut self, now: Duration, source: IpAddr, request: Request<Bytes>) -> Outcome {
        let (parts, body) = request.into_parts();
        if let Some(outcome) = Self::serve_foreign(&parts.uri) {
            return outcome;
        }
        let asked = Site::Authority.asked(parts.uri.path());
        let mut outcome =
            Outcome { response: reply::not_rest(), latency: self.config.auth_latency(), delivery: Delivery::Whole };
        if let Some(fault) = self.authority.faults.strike(Phase::Before, &asked.method) {
            self.apply(fault, &parts.uri, &mut outcome);
        } else {
            // GET is documented, a form posted works; anything else is no way to ask.
            if !asked.method.is_empty() && matches!(parts.method, Method::GET | Method::POST) {
                let fields = fields(&parts, &body);
                let answer = match asked.method.as_str() {
                    "token" => self.token(now, &fields),
                    "app.info" => self.trusted_info(now, &fields),
                    _ => Err(Refusal::method_not_found()),
                };
                outcome.response = match answer {
                    Ok(answer) => reply::rest(200, &answer, Transport::Json),
                    Err(refusal) => v2::refuse(&refusal, Transport::Json),
                };
            }
            if let Some(fault) = self.authority.faults.strike(Phase::After, &asked.method) {
                self.apply(fault, &parts.uri, &mut outcome);
            }
        }
        self.authority.record(parts, body, asked, source, &outcome);
        outcome
    }

    pub(crate) fn auth_fault(&mut self, fault: Fault) {
        self.authority.faults.push(fault);
    }

    pub(crate) fn auth_requests(&self) -> Vec<RecordedRequest> {
        self.authority.log.all()
    }

    /// `/oauth/token/`: a code or a refresh token for a pair.
    fn token(&mut self, now: Duration, fields: &Array) -> Result<Value, Refusal> {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let missing = |name: &str| oauth(400, "invalid_request", &format!("Parameter {name} is missing"));
        let grant = match text("grant_type") {
            Some("authorization_code") => Grant::Code(text("code").ok_or_else(|| missing("code"))?),
            Some("refresh_token") => Grant::Refresh(text("refresh_token").ok_or_else(|| missing("refresh_token"))?),
            Some(_) => return Err(oauth(400, "invalid_request", "Grant type is not supported")),
            None => return Err(missing("grant_type")),
        };
        let client = text("client_id").ok_or_else(|| missing("client_id"))?;
        let secret = text("client_secret").ok_or_else(|| missing("client_secret"))?;
        let admitted = self.admits_client(client, secret);
        if let (Err(_), Grant::Code(code)) = (&admitted, &grant) {
            self.ledger.spoil(code);
        }
        admitted?;
        let renewed = matches!(grant, Grant::Refresh(_));
        let pair = match grant {
            Grant::Code(code) => self.ledger.redeem(now, client, code),
            Grant::Refresh(token) => self.ledger.renew(now, client, token),
        };
        let pair = pair.map_err(|_| oauth(400, "invalid_grant", "The grant is invalid, expired or used"))?;
        let mut answer = self.describe_pair(&pair);
        if renewed {
            answer.set("expires", seconds(pair.expires));
            answer.set("user_id", pair.holder.user);
        }
        Ok(answer.into())
    }

    fn admits_client(&self, client: &str, secret: &str) -> Result<(), Refusal> {
        let app = self.ledger.application(client);
        let app = app.ok_or_else(|| oauth(401, "invalid_client", "Unknown application"))?;
        if app.client_secret() != secret {
            // Seen on live servers: an error with the status of a success.
            return Err(oauth(200, "wrong_client", "Wrong client"));
        }
        self.ledger.may_have_tokens(client).map_err(|denied| match denied {
            Denied::Unpaid => Refusal::payment_required(),
            Denied::NotInstalled | Denied::Unknown | Denied::Expired => {
                oauth(401, "NOT_INSTALLED", "Application not installed")
            }
        })
    }

    fn describe_pair(&self, pair: &Pair) -> Array {
        let origins = &self.config.origins;
        let app = self.ledger.application(&pair.holder.client);
        map! {
            "access_token" => pair.access.clone(),
            "client_endpoint" => origins.client_endpoint(),
            // Not the portal's, which only `client_endpoint` tells.
            "domain" => origins.server_domain().to_owned(),
            "expires_in" => seconds(pair.lives),
            "member_id" => self.config.member_id(),
            "refresh_token" => pair.refresh.clone(),
            "scope" => pair.holder.scopes.join(","),
            "server_endpoint" => origins.server_endpoint(),
            "status" => app.map_or("L", |app| app.status()),
        }
    }

    /// `app.info` of the authorisation server: what it vouches for, where a browser may say anything. The vendor's pages
    /// name the method and not its answer; the fields are those that the official Python SDK reads.
    fn trusted_info(&self, now: Duration, fields: &Array) -> Result<Value, Refusal> {
        let token = fields.get("auth").and_then(Value::as_str).filter(|token| !token.is_empty());
        let failure = match token.map(|token| self.ledger.look_up(now, token)) {
            None => AuthFailure::Nothing,
            Some(Err(denied)) => AuthFailure::Token(denied),
            Some(Ok((holder, until))) => {
                let standing = self.ledger.standing(&holder.client);
                let install = map! {
                    "installed" => standing.installed,
                    "version" => 1_i64,
                    "status" => standing.status,
                    "scope" => holder.scopes.join(","),
                    "domain" => self.config.origins.domain().to_owned(),
                    "client_endpoint" => self.config.origins.client_endpoint(),
                    "member_id" => self.config.member_id(),
                };
                let result = map! {
                    "client_id" => holder.client.clone(),
                    "scope" => holder.scopes.join(","),
                    "expires" => time::iso(until),
                    "install" => install,
                    "user_id" => holder.user,
                };
                let time = clockwork::describe(now, Duration::ZERO, None, self.config.time_format);
                return Ok(map! { "result" => result, "time" => time }.into());
            }
        };
        Err(v2::auth_refusal(failure, self.config.dialect))
    }
}

/// The fields of the query, and of a form above them. JSON is not read, as PHP does not.
fn fields(parts: &Parts, body: &Bytes) -> Array {
    let mut fields = form::parse(parts.uri.query().unwrap_or_default());
    if media_type(&parts.headers).as_deref() == Some("application/x-www-form-urlencoded") {
        for (key, value) in form::parse(&String::from_utf8_lossy(body)).iter() {
            fields.set(key.clone(), value.clone());
        }
    }
    fields
}

fn oauth(status: u16, code: &'static str, description: &str) -> Refusal {
    Refusal::new(status, code, description)
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}
