//! Records written again.

use std::ops::ControlFlow;

use plimsoll_ingest::write::{Encoder, NativeOutput, preamble};
use plimsoll_ingest::{
    Aside, Collect, Progress, ReadOptions, Source, StreamHeader, WholeRecord, read_whole,
};
use plimsoll_model::{Format, InputId};

/// Bytes that a part has before it is handed over.
const MAX_PART: usize = 1 << 12;

struct Written(Encoder, usize);

impl Collect for Written {
    fn begin(&mut self, _: InputId) {
        self.0.clear();
        self.1 = 0;
    }

    fn record(&mut self, record: &WholeRecord<'_>) {
        self.0.record(record);
        self.1 += 1;
    }

    fn aside(&mut self, aside: &Aside<'_>) {
        self.0.aside(aside);
    }

    fn is_full(&self) -> bool {
        self.0.size() > MAX_PART
    }
}

/// Checks that what can be read can be written in every format, and that a native stream of it has as many records.
pub fn check_writing(bytes: &[u8]) {
    for (to, masked) in [
        (Format::VegetaGob, true),
        (Format::VegetaJson, false),
        (Format::VegetaCsv, false),
        (Format::Native, true),
    ] {
        let mut native = NativeOutput::new(Vec::new(), StreamHeader::default());
        let mut size = preamble(to).len();
        let written = read(
            bytes,
            || Written(Encoder::new(to, masked), 0),
            |part| {
                native.write(&part.0).expect("a vector takes all");
                size += part.0.bytes().len();
                part.1
            },
        );
        if to == Format::Native {
            let too_large = usize::try_from(native.too_large()).expect("fewer than there are");
            let stream = native.finish().expect("a vector takes all");
            let read = read(&stream, || Written(Encoder::new(to, false), 0), |part| part.1);
            assert_eq!(read + too_large, written, "a native stream has lost records");
        } else {
            assert!(written == 0 || size > preamble(to).len());
        }
    }
}

/// The sum of what `take` makes of the parts.
fn read(
    bytes: &[u8],
    new: impl Fn() -> Written + Sync,
    mut take: impl FnMut(&Written) -> usize + Send,
) -> usize {
    let sources = [Source::in_memory("input", bytes)];
    let options = ReadOptions { threads: 1, ..ReadOptions::default() };
    let mut sum = 0;
    read_whole(&sources, &options, &Progress::default(), &new, &mut |_, part| {
        sum += take(part);
        // Few bytes may stand for more than a run has time for.
        if sum > 1 << 16 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .expect("bytes in memory can be opened");
    sum
}
