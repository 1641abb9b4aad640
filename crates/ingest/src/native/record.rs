//! What is written: records, and what is told of the stream they are of.

use plimsoll_model::{Nanos, Timestamp};

use crate::body::RawBody;
use crate::headers::RawHeaders;
use crate::raw::{Phases, RawRecord, Text, Zone};

/// One request's result, with all that a native stream keeps. Texts need not be UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NativeRecord<'a> {
    /// The attack's name.
    pub attack: &'a [u8],
    /// The HTTP method.
    pub method: &'a [u8],
    /// The URL.
    pub url: &'a [u8],
    /// What went wrong; empty where nothing did.
    pub error: &'a [u8],
    /// The answer's body, as far as it was captured.
    pub body: &'a [u8],
    /// The answer's headers: name and value, one pair for each value, those of one name together. `None` where they were
    /// not captured.
    pub headers: Option<&'a [(&'a [u8], &'a [u8])]>,
    /// The request's number in its run, where requests are numbered.
    pub seq: Option<u64>,
    /// When the request was sent.
    pub timestamp: Timestamp,
    /// The zone that the timestamp was recorded in.
    pub zone: Zone,
    /// When the request was due, if it was sent by a schedule.
    pub intended: Timestamp,
    /// From `timestamp` until the whole answer was read.
    pub latency: Nanos,
    /// What the latency is made of.
    pub phases: Option<Phases>,
    /// Bytes of the request's body.
    pub bytes_out: u64,
    /// Bytes of the answer's body.
    pub bytes_in: u64,
    /// The HTTP status, 0 where no complete answer arrived.
    pub code: u16,
}

impl<'a> NativeRecord<'a> {
    /// The record as a decoder would see it.
    pub(crate) fn raw(&self) -> RawRecord<'a> {
        RawRecord {
            attack: Text::plain(self.attack),
            method: Text::plain(self.method),
            url: Text::plain(self.url),
            error: Text::plain(self.error),
            body: RawBody::Plain(self.body),
            headers: self.headers.map_or(RawHeaders::Absent, RawHeaders::Pairs),
            seq: self.seq.unwrap_or_default(),
            timestamp: self.timestamp,
            zone: self.zone,
            intended: self.intended,
            phases: self.phases,
            latency: self.latency,
            bytes_out: self.bytes_out,
            bytes_in: self.bytes_in,
            code: self.code,
            has_seq: self.seq.is_some(),
        }
    }
}

impl Default for NativeRecord<'_> {
    /// Nothing at an unknown time.
    fn default() -> Self {
        Self {
            attack: &[],
            method: &[],
            url: &[],
            error: &[],
            body: &[],
            headers: None,
            seq: None,
            timestamp: Timestamp::UNKNOWN,
            zone: Zone::Utc,
            intended: Timestamp::UNKNOWN,
            latency: Nanos::ZERO,
            phases: None,
            bytes_out: 0,
            bytes_in: 0,
            code: 0,
        }
    }
}

/// What a stream says of itself at its beginning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamHeader {
    /// What tells the stream from others that may come to stand in the same file: a random number.
    pub id: u64,
    /// The program that writes.
    pub tool: String,
    /// The program's version.
    pub version: String,
    /// The host that it runs on.
    pub host: String,
    /// The attack's name.
    pub attack: String,
    /// When requests are to be sent, those of all attacks of the stream together and of all shards, where that is planned.
    pub schedule: Option<SentSchedule>,
    /// The same for each attack, by its name, where there are several. What is listed here is all that is planned.
    pub chains: Vec<(String, SentSchedule)>,
    /// Which part of the attack this stream is, where several hosts share it.
    pub shard: Option<Shard>,
    /// When the attack began.
    pub start: Option<Clocks>,
}

/// When requests are to be sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SentSchedule {
    /// At this rate in requests per second, one interval after the other.
    Constant {
        /// Requests per second.
        rate_rps: f64,
    },
    /// At constant rates in requests per second, each for a time.
    Steps(Vec<(f64, Nanos)>),
    /// At a rate that changes evenly.
    Ramp {
        /// Requests per second at the beginning.
        from_rps: f64,
        /// Requests per second at the end.
        to_rps: f64,
        /// From the beginning to the end.
        duration: Nanos,
    },
    /// At random, independently of each other.
    Poisson {
        /// Requests per second on average.
        rate_rps: f64,
    },
}

/// A rate that an attack keeps for a while, decided on when it had begun.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SentRate {
    /// Its beginning.
    pub start: Timestamp,
    /// How long it is kept.
    pub duration: Nanos,
    /// Requests per second, those of all shards.
    pub rate_rps: f64,
}

/// A part of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 0 on.
    pub index: u32,
    /// How many parts there are.
    pub count: u32,
}

/// A moment by two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// By the clock on the wall.
    pub wall: Timestamp,
    /// By the clock that never jumps.
    pub monotonic: Nanos,
}

/// How the generator was at a moment; what is not known is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Telemetry {
    /// When.
    pub time: Timestamp,
    /// Processor time of the generator over time passed, 1 for one core, since the telemetry before.
    pub cpu_ratio: Option<f64>,
    /// How many cores' time the generator could have had: cores that it may run on, or its quota of their time.
    pub cpus: Option<f64>,
    /// Time that the generator's threads were ready to run and waited for a core, over time passed.
    pub run_queue_ratio: Option<f64>,
    /// Requests in flight.
    pub in_flight: Option<u64>,
    /// Open file descriptors.
    pub open_files: Option<u64>,
    /// Local ports that are taken.
    pub ports_in_use: Option<u64>,
    /// Sockets by state, as the kernel calls it.
    pub sockets: Vec<(String, u64)>,
    /// How late requests were sent, by quantile (0 to 1), since the telemetry before.
    pub send_lag: Vec<(f64, Nanos)>,
}
