//! One subject each: what the host has, held against what the plan takes.

pub(super) mod clock;
pub(super) mod conntrack;
pub(super) mod cpu;
pub(super) mod files;
pub(super) mod memory;
pub(super) mod ports;
