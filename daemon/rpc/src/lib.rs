//! The wire between `traderd` and its clients: types, roles, the table of methods, error codes and a
//! blocking client. Knows neither the engine nor the server, and no client's presentation.

pub mod client;
pub mod convert;
pub mod error;
pub mod limits;
pub mod method;
pub mod openrpc;
pub mod params;
pub mod request_id;
pub mod role;
pub mod sample;
pub mod socket;
pub mod types;
#[cfg(feature = "cli")]
pub mod usage;

pub use client::{CallError, Client, ConnectError, Subscription};
pub use error::{ErrorCode, ErrorDetail, Failure};
pub use limits::PROTOCOL_VERSION;
pub use method::{METHODS, Method, MethodInfo, SUBSCRIPTIONS, SubscriptionInfo, call};
pub use params::*;
pub use request_id::{RequestId, RequestIdError};
pub use role::Role;
pub use types::*;
