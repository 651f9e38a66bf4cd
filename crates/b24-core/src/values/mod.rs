//! Values that the portal writes as numbers or letters, with names.
//!
//! Every type takes values that it does not know: portals learn new ones, and a record is not unreadable for it. They
//! serialise to what the portal writes, and read it as number or text.
//!
//! ```
//! use b24_core::{filter::v2::{Filter, eq}, values::{EntityType, ProductType}};
//!
//! assert_eq!(EntityType::DEAL.id(), 2);
//! assert_eq!(serde_json::from_str::<ProductType>(r#""7""#)?, ProductType::Service);
//! let services = Filter::new([eq("type", ProductType::Service)]).unwrap();
//! assert_eq!(serde_json::to_string(&services)?, r#"{"type":7}"#);
//! # Ok::<(), serde_json::Error>(())
//! ```

mod app;
mod catalog;
mod coded;
mod entity_type;

pub use app::{AppStatus, Edition};
pub use catalog::{DiscountType, ProductImageType, ProductType, RoundingRule};
pub use entity_type::EntityType;
