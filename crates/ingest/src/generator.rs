//! What a request cost its generator, by the telemetry of native streams.

use std::collections::HashMap;
use std::ops::ControlFlow;

use plimsoll_model::{Format, InputId, Nanos};
use serde::Deserialize;

use crate::error::Error;
use crate::native::kind;
use crate::pipeline::{Progress, ReadOptions};
use crate::sink::Aside;
use crate::source::Source;
use crate::whole::{Collect, WholeRecord, read_whole};

/// Fewer seconds than this say little.
const LEAST_SECONDS: u64 = 3;

/// Streams that are told apart; what others say is left out.
const MOST_STREAMS: usize = 4_096;

/// CPU time of generators and the requests that it went into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneratorCpu {
    /// Of all their threads.
    pub time: Nanos,
    /// Requests that were recorded meanwhile.
    pub requests: u64,
}

impl GeneratorCpu {
    /// CPU time for a request.
    #[must_use]
    pub fn per_request(&self) -> Nanos {
        Nanos(self.time.0 / self.requests.max(1))
    }
}

/// What a request cost its generator; `None` where no stream says it, or for too short a time. The first second of a stream
/// counts as the others: what went before it is not known.
///
/// # Errors
/// A source that cannot be opened.
pub fn generator_cpu(
    sources: &[Source],
    options: &ReadOptions,
) -> Result<Option<GeneratorCpu>, Error> {
    let mut streams: HashMap<u64, Stream> = HashMap::new();
    let mut requests = 0;
    let progress = Progress::default();
    read_whole(sources, options, &progress, &Seconds::default, &mut |_, seconds: &mut Seconds| {
        requests += seconds.requests;
        for second in seconds.seconds.drain(..) {
            if streams.len() < MOST_STREAMS || streams.contains_key(&second.stream) {
                streams.entry(second.stream).or_default().add(&second);
            }
        }
        seconds.requests = 0;
        ControlFlow::Continue(())
    })?;
    let seconds: u64 = streams.values().map(|stream| stream.seconds).sum();
    let time: f64 = streams.values().map(Stream::time).sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let time = Nanos(time as u64);
    let is_known = seconds >= LEAST_SECONDS && requests > 0 && time > Nanos::ZERO;
    Ok(is_known.then_some(GeneratorCpu { time, requests }))
}

/// What a stream said so far.
#[derive(Default)]
struct Stream {
    last: Option<i64>,
    /// Spans between frames, ...
    seconds: u64,
    /// ... and the CPU time in them, in nanoseconds.
    cpu: f64,
}

impl Stream {
    fn add(&mut self, second: &Second) {
        let span = self.last.and_then(|last| u64::try_from(second.time.checked_sub(last)?).ok());
        if let Some(span) = span.filter(|span| *span > 0) {
            self.seconds += 1;
            self.cpu += second.ratio * span as f64;
        }
        self.last = Some(second.time);
    }

    /// With the span before the first frame.
    fn time(&self) -> f64 {
        if self.seconds == 0 { 0.0 } else { self.cpu * (1.0 + 1.0 / self.seconds as f64) }
    }
}

/// What the frames of a part say.
#[derive(Default)]
struct Seconds {
    requests: u64,
    seconds: Vec<Second>,
}

struct Second {
    stream: u64,
    time: i64,
    ratio: f64,
}

/// A part of a telemetry frame's payload.
#[derive(Deserialize)]
struct Load {
    time_ns: i64,
    cpu_ratio: Option<f64>,
}

impl Collect for Seconds {
    fn begin(&mut self, _: InputId) {
        self.requests = 0;
        self.seconds.clear();
    }

    fn record(&mut self, record: &WholeRecord<'_>) {
        self.requests += u64::from(record.format() == Format::Native);
    }

    fn aside(&mut self, aside: &Aside<'_>) {
        if aside.kind != kind::TELEMETRY {
            return;
        }
        // A frame that says nothing of it is as good as none.
        let load = rmp_serde::from_slice::<Load>(aside.payload).ok();
        let known = load.and_then(|load| Some((load.time_ns, load.cpu_ratio?)));
        if let Some((time, ratio)) = known.filter(|(_, ratio)| (0.0..=4_096.0).contains(ratio)) {
            self.seconds.push(Second { stream: aside.stream, time, ratio });
        }
    }

    fn is_full(&self) -> bool {
        self.seconds.len() >= 1 << 16
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Timestamp;

    use super::*;
    use crate::{NativeRecord, NativeWriter, StreamHeader, Telemetry};

    fn stream(ratios: &[Option<f64>]) -> Source {
        let mut writer = NativeWriter::new(Vec::new(), &StreamHeader::default()).unwrap();
        for (second, &cpu_ratio) in (1..).zip(ratios) {
            for _ in 0..100 {
                writer.write(&NativeRecord::default()).unwrap();
            }
            let telemetry = Telemetry {
                cpus: None,
                time: Timestamp(second * 1_000_000_000),
                cpu_ratio,
                run_queue_ratio: None,
                in_flight: None,
                open_files: None,
                ports_in_use: None,
                sockets: Vec::new(),
                send_lag: Vec::new(),
            };
            writer.telemetry(&telemetry).unwrap();
        }
        Source::in_memory("stream", writer.finish().unwrap())
    }

    #[test]
    fn the_time_of_all_seconds_goes_into_all_requests() {
        let of = |ratios: &[Option<f64>]| {
            generator_cpu(&[stream(ratios)], &ReadOptions::default()).unwrap()
        };
        // 0.5 CPUs for four seconds, 100 requests each: 5 ms.
        let found = of(&[Some(0.5); 4]).unwrap();
        assert_eq!((found.requests, found.per_request()), (400, Nanos(5_000_000)));
        assert_eq!(of(&[None; 4]), None);
        assert_eq!(of(&[Some(0.5); 3]), None, "two seconds are known");
    }
}
