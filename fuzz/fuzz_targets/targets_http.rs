#![no_main]

use plimsoll_attack::TargetFormat;
use plimsoll_fuzz::check_targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check_targets(bytes, TargetFormat::Http));
