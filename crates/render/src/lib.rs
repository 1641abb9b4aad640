//! Findings and plans to text, Markdown, HTML with charts, JSON and vegeta's own report.
//!
//! Each renderer takes one [`Summary`] and returns a `String`; nothing here prints, reads or asks for the time.
//!
//! # Limits
//! Texts that come from a recording (names, URLs, errors, paths) are never trusted: control characters and direction
//! overrides are shown as escapes, and in Markdown they become code. Text and Markdown show the most frequent errors only and
//! say how many they leave out; JSON has them all.

mod chart;
mod clock;
mod document;
mod escape;
pub mod gate;
pub mod hgrm;
pub mod json;
mod layout;
pub mod markdown;
mod measured;
mod notices;
mod numbers;
pub mod plan;
pub mod report;
mod sections;
mod summary;
pub mod text;
pub mod vegeta;
mod verdict;

pub use escape::visible;
pub use measured::{MeasuredChain, Measurement, Mix, ReadError};
pub use notices::warnings;
pub use sections::goal;
pub use summary::{ConfiguredChain, EffectiveConfig, Summary};
