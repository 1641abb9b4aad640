#![no_main]

use plimsoll_fuzz::{check_damage, check_reading, trailer};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let whole = check_reading(bytes);
    check_damage(bytes, &whole, trailer::CSV);
});
