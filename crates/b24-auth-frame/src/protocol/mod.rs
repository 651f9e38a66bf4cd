//! What an application and the portal's page say to each other: pure functions of text.
//!
//! ```text
//! application -> page    getInitData:<key>:<app sid>
//!                        setTitle:{"title":"Deals"}:<key>:<app sid>
//! page -> application    <key>:{"AUTH_ID":"…","AUTH_EXPIRES":"3600",…}
//! ```
//!
//! Each command has a key of its own, by which its answer is known. An application says nothing to any other origin than
//! the portal's, and hears nothing from any other.
//!
//! Source: <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/index.html>

mod command;
mod incoming;
mod init;
mod name;
mod origin;
mod outgoing;
mod tokens;

pub use command::{Answers, Command};
pub use incoming::{Incoming, InvalidPayload};
pub use init::InitData;
pub use name::FrameName;
pub use origin::{Origin, OriginRule};
pub use outgoing::{Outgoing, Payload};
pub use tokens::Tokens;
