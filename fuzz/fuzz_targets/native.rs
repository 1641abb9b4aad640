#![no_main]

use plimsoll_fuzz::{
    check_answer, check_damage, check_reading, check_writing, trailer, with_checksums,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for bytes in [bytes, &with_checksums(bytes)] {
        let whole = check_reading(bytes);
        for trailer in [trailer::GOB, trailer::JSON, trailer::CSV] {
            check_damage(bytes, &whole, trailer);
        }
        check_answer(bytes, &whole);
        check_writing(bytes);
    }
});
