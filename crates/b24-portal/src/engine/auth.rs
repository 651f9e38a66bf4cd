//! Who is calling.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::config::Hook;
use crate::limit::operating::Owner;
use crate::oauth::{Denied, Ledger, Standing};

/// An authenticated caller.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user: i64,
    pub(crate) owner: Owner,
    pub(crate) scopes: Arc<[String]>,
    /// What the portal knows of the caller's application; nothing of a webhook.
    pub(crate) standing: Option<Standing>,
    /// Which part of an application says it is calling: `auth_connector`.
    pub(crate) connector: String,
    /// How many events led to the call, one through the other.
    pub(crate) hops: u32,
}

/// Why nobody was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthFailure {
    Nothing,
    BadHook,
    Token(Denied),
}

impl Caller {
    /// Recognises the caller. The path beats everything, the `Authorization` header beats `auth`.
    pub(crate) fn recognise(
        hooks: &[Hook],
        ledger: &Ledger,
        now: Duration,
        hook: Option<&(String, String)>,
        headers: &HeaderMap,
        token: Option<&str>,
    ) -> Result<Self, AuthFailure> {
        if let Some((user, secret)) = hook {
            return Self::by_hook(hooks, user, secret);
        }
        let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.split_once(' '));
        let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token);
        match bearer.or(token).filter(|token| !token.is_empty()) {
            Some(token) => Self::by_token(ledger, now, token),
            None => Err(AuthFailure::Nothing),
        }
    }

    /// A webhook's user is named by id or by login.
    fn by_hook(hooks: &[Hook], user: &str, secret: &str) -> Result<Self, AuthFailure> {
        let (index, hook) = hooks
            .iter()
            .enumerate()
            .find(|(_, hook)| {
                hook.secret == secret && (hook.user.to_string() == user || format!("user{}", hook.user) == user)
            })
            .ok_or(AuthFailure::BadHook)?;
        Ok(Self {
            user: hook.user,
            owner: Owner::Hook(index),
            scopes: hook.scopes.clone().into(),
            standing: None,
            connector: String::new(),
            hops: 0,
        })
    }

    fn by_token(ledger: &Ledger, now: Duration, token: &str) -> Result<Self, AuthFailure> {
        let (holder, _) = ledger.look_up(now, token).map_err(AuthFailure::Token)?;
        Ok(Self {
            user: holder.user,
            owner: Owner::App(holder.client.clone()),
            scopes: Arc::clone(&holder.scopes),
            standing: Some(ledger.standing(&holder.client)),
            connector: String::new(),
            hops: holder.hops,
        })
    }

    /// Whether the caller may use methods of `scope`; the empty scope is everybody's.
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        scope.is_empty() || self.scopes.iter().any(|held| held.eq_ignore_ascii_case(scope))
    }

    /// The client id of an application's token.
    pub(crate) fn client(&self) -> Option<&str> {
        match &self.owner {
            Owner::App(client) => Some(client),
            Owner::Hook(_) | Owner::AnyHook => None,
        }
    }
}
