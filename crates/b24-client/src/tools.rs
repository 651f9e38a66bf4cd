//! Small questions to a portal: is it there, how fast does it answer, what is its time.

use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use b24_core::{DateTime, Error, SdkCode, de};
use serde::{Deserialize, de::IgnoredAny};

use crate::Client;

impl Client {
    /// Whether the portal answers: one call of `server.time`. Every failure that is left after the stack's
    /// re-sends is `false`: of the network, the credentials, the portal itself; ask [`ping`](Self::ping) for the reason.
    ///
    /// # Examples
    /// ```
    /// # async fn example(b24: &b24_client::Client) {
    /// if !b24.health_check().await {
    ///     println!("the portal does not answer");
    /// }
    /// # }
    /// ```
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/common/system/server-time.html>
    pub async fn health_check(&self) -> bool {
        self.v2().call(SERVER_TIME).send::<IgnoredAny>().await.is_ok()
    }

    /// How long the exchange with the portal takes: one call of `server.time`, from the request to the last byte of the
    /// answer. Waits for the portal's limits do not count, and a lost answer is not made good by another send. Setting up
    /// a connection counts, where none is open.
    ///
    /// # Errors
    /// Whatever [`Call::send`](crate::Call::send) gives, soft errors included;
    /// [`SdkCode::InvalidConfig`] when the stack under this client does not measure its sends, as the `RestLayer` of
    /// `b24-transport` does.
    ///
    /// # Examples
    /// ```
    /// # async fn example(b24: &b24_client::Client) -> Result<(), b24_core::Error> {
    /// println!("{} ms", b24.ping().await?.as_millis());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ping(&self) -> Result<Duration, Error> {
        let reply = self.v2().call(SERVER_TIME).max_retries(0).send::<IgnoredAny>().await?;
        reply
            .round_trip
            .ok_or_else(|| Error::usage(SdkCode::InvalidConfig, "the stack of this client does not measure its sends"))
    }

    /// The portal's time, by the clock of its own zone.
    ///
    /// # Errors
    /// Whatever [`Call::send`](crate::Call::send) gives; kind [`Decode`](b24_core::ErrorKind::Decode) when the answer is
    /// no moment.
    ///
    /// # Examples
    /// ```
    /// # async fn example(b24: &b24_client::Client) -> Result<(), b24_core::Error> {
    /// let now = b24.server_time().await?;
    /// println!("{now}, that is {} s after 1970", now.unix_seconds());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/common/system/server-time.html>
    pub async fn server_time(&self) -> Result<DateTime, Error> {
        Ok(self.v2().call(SERVER_TIME).send().await?.result)
    }

    /// Asks whether the user behind the credentials is an administrator of the portal, and keeps the answer for this
    /// handle and its clones: one call of `profile`. Asked again, it calls again: do so where the credentials may have become
    /// those of another user meanwhile.
    ///
    /// # Errors
    /// Whatever [`Call::send`](crate::Call::send) gives.
    ///
    /// # Examples
    /// ```
    /// # async fn example(b24: &b24_client::Client) -> Result<(), b24_core::Error> {
    /// if b24.init_is_admin().await? {
    ///     assert!(b24.is_admin()?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/common/users/profile.html>
    pub async fn init_is_admin(&self) -> Result<bool, Error> {
        let admin = self.v2().call("profile").send::<Profile>().await?.result.admin;
        self.admin().store(admin);
        Ok(admin)
    }

    /// Whether the user behind the credentials is an administrator, as [`init_is_admin`](Self::init_is_admin) has heard.
    ///
    /// # Errors
    /// [`SdkCode::IsAdminUnknown`] of kind [`Usage`](b24_core::ErrorKind::Usage) when that has not been asked.
    pub fn is_admin(&self) -> Result<bool, Error> {
        let text = "whether the user is an administrator has not been asked: call init_is_admin() first";
        self.admin().load().ok_or_else(|| Error::usage(SdkCode::IsAdminUnknown, text))
    }
}

#[derive(Deserialize)]
struct Profile {
    #[serde(rename = "ADMIN", default, deserialize_with = "de::flag")]
    admin: bool,
}

/// An answer that can be asked for again.
#[derive(Debug, Default)]
pub(crate) struct Admin(AtomicU8);

impl Admin {
    fn store(&self, admin: bool) {
        self.0.store(if admin { YES } else { NO }, Ordering::Relaxed);
    }

    fn load(&self) -> Option<bool> {
        let known = self.0.load(Ordering::Relaxed);
        (known != UNKNOWN).then_some(known == YES)
    }
}

const UNKNOWN: u8 = 0;
const NO: u8 = 1;
const YES: u8 = 2;

const SERVER_TIME: &str = "server.time";
