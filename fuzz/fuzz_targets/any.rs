#![no_main]

use plimsoll_fuzz::{
    check_answer, check_compression, check_damage, check_reading, is_bomb, trailer,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if is_bomb(bytes) {
        return;
    }
    let whole = check_reading(bytes);
    for trailer in [trailer::GOB, trailer::JSON, trailer::CSV] {
        check_damage(bytes, &whole, trailer);
    }
    check_compression(bytes, &whole);
    check_answer(bytes, &whole);
});
