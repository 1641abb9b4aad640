//! The analysis from outside: records in, findings out.

mod findings;
mod plan;
mod properties;
mod published;
mod stages;
mod stream;
