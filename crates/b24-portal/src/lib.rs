#![doc = include_str!("../README.md")]

mod builder;
mod clock;
mod config;
mod engine;
mod event;
mod fault;
mod frame;
mod intake;
mod limit;
mod method;
mod oauth;
mod page;
mod php;
mod portal;
mod record;
mod rng;
mod sender;
mod server;
mod service;
mod store;
mod value;

pub use builder::PortalBuilder;
pub use clock::{Clock, VirtualClock};
pub use config::{BatchBilling, Dialect, Limits, Overrun, Plan, TimeFormat};
pub use engine::{Delivery, Engine, Outcome};
pub use event::{DeliveryFate, EventDelivery, EventFault, OutgoingEvent, OutgoingWebhook, RobotAnswer, RobotCall};
pub use fault::Fault;
pub use frame::{FrameMessage, MessageFate, MessageForm, ParentFault};
pub use oauth::{Application, Installation};
pub use portal::Portal;
pub use record::{ApiVersion, RecordedRequest};
pub use service::{PortalService, ResponseFuture, SourceIp};
