//! The stub gateway over real sockets, with clients that share no code with it.

#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

mod capacity;
mod client;
mod full;
mod http2;
mod serving;
mod tls;
mod vegeta;
