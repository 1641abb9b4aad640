//! The generator against small servers that fail in one way each.

#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

mod client;
mod dials;
mod errors;
mod faults;
mod http2;
mod lazy;
mod network;
mod overload;
mod schedule;
mod secure;
mod server;
mod steering;
mod tls;
