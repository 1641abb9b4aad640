//! Payloads, as `MessagePack` maps. `docs/native-stream.md` says what each key means.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::column::Column;

/// Payload of a header frame.
#[derive(Debug, Serialize)]
pub(super) struct Header<'a> {
    pub(super) tool: &'a str,
    pub(super) version: &'a str,
    pub(super) host: &'a str,
    pub(super) attack: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) schedule: Option<Schedule>,
    #[serde(skip_serializing_if = "<[Chain<'_>]>::is_empty")]
    pub(super) chains: &'a [Chain<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shard: Option<Shard>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<Start>,
    /// Units by column.
    pub(super) columns: BTreeMap<&'static str, &'static str>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Schedule {
    Constant { rate_rps: f64 },
    Steps { steps: Vec<Step> },
    Ramp { from_rps: f64, to_rps: f64, duration_ns: u64 },
    Poisson { rate_rps: f64 },
}

/// The schedule of one attack.
#[derive(Debug, Serialize)]
pub(super) struct Chain<'a> {
    pub(super) attack: &'a str,
    pub(super) schedule: Schedule,
}

#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) rate_rps: f64,
    pub(super) duration_ns: u64,
}

/// What readers of records need of a header; `notes` reads the rest.
#[derive(Debug, Deserialize)]
pub(super) struct Share {
    #[serde(default)]
    pub(super) shard: Option<Shard>,
}

/// What a header tells of an attack: other formats lose it.
#[derive(Debug, Deserialize)]
struct Told<'a> {
    #[serde(default, borrow)]
    host: Cow<'a, str>,
    #[serde(default, borrow)]
    attack: Cow<'a, str>,
    #[serde(default)]
    schedule: Option<IgnoredAny>,
    #[serde(default)]
    chains: Option<IgnoredAny>,
    #[serde(default)]
    shard: Option<IgnoredAny>,
    #[serde(default)]
    start: Option<IgnoredAny>,
}

/// Whether a header tells who wrote the stream, and nothing of an attack.
pub(crate) fn says_only_who_wrote(header: &[u8]) -> bool {
    rmp_serde::from_slice::<Told<'_>>(header).is_ok_and(|told| {
        let others = [told.schedule, told.chains, told.shard, told.start];
        told.host.is_empty() && told.attack.is_empty() && others.iter().all(Option::is_none)
    })
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Shard {
    pub(super) index: u32,
    pub(super) count: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct Start {
    pub(super) wall_ns: i64,
    pub(super) monotonic_ns: u64,
}

/// Payload of a dictionary frame.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Dictionary<'a> {
    /// The number of the oldest text that blocks behind may name.
    #[serde(default)]
    pub(super) from: u64,
    #[serde(borrow)]
    pub(super) lengths: Column<'a>,
    #[serde(borrow, with = "serde_bytes")]
    pub(super) texts: &'a [u8],
}

/// Payload of a block.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Block<'a> {
    /// The number of the text that is text 1 here; 0 is the empty text.
    #[serde(default)]
    pub(super) base: u64,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) targets: Option<Targets<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) errors: Option<Errors<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) headers: Option<Headers<'a>>,
    #[serde(borrow)]
    pub(super) columns: Columns<'a>,
    #[serde(borrow, default, with = "serde_bytes", skip_serializing_if = "<[u8]>::is_empty")]
    pub(super) bodies: &'a [u8],
}

/// The targets of a block, each three texts.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Targets<'a> {
    pub(super) count: u32,
    #[serde(borrow)]
    pub(super) attack: Column<'a>,
    #[serde(borrow)]
    pub(super) method: Column<'a>,
    #[serde(borrow)]
    pub(super) url: Column<'a>,
}

/// The errors of a block, each a text.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Errors<'a> {
    pub(super) count: u32,
    #[serde(borrow)]
    pub(super) text: Column<'a>,
}

/// The sets of headers of a block, and the names and values of all sets one behind the other.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Headers<'a> {
    pub(super) count: u32,
    /// Headers of each set.
    #[serde(borrow)]
    pub(super) sizes: Column<'a>,
    pub(super) pairs: u32,
    #[serde(borrow)]
    pub(super) name: Column<'a>,
    #[serde(borrow)]
    pub(super) value: Column<'a>,
}

/// Declares the columns of a block once: their places, names, units, and the struct that is written and read.
macro_rules! columns {
    ($($place:ident $name:ident: $unit:literal),* $(,)?) => {
        /// A column's place among the others.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Place {
            $($place),*
        }

        /// The columns of a block, each of as many values as the block has records.
        #[derive(Debug, Default, Serialize, Deserialize)]
        pub(super) struct Columns<'a> {
            $(
                #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
                $name: Option<Column<'a>>,
            )*
        }

        impl<'a> Columns<'a> {
            pub(super) fn get(&self, place: Place) -> Option<&Column<'a>> {
                match place {
                    $(Place::$place => self.$name.as_ref()),*
                }
            }

            pub(super) fn set(&mut self, place: Place, column: Column<'a>) {
                match place {
                    $(Place::$place => self.$name = Some(column)),*
                }
            }
        }

        impl Place {
            pub(super) const ALL: [Self; PLACES] = [$(Self::$place),*];

            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Self::$place => stringify!($name)),*
                }
            }

            pub(super) fn unit(self) -> &'static str {
                match self {
                    $(Self::$place => $unit),*
                }
            }
        }
    };
}

/// How many columns there are.
pub(super) const PLACES: usize = 18;

columns! {
    Seq seq: "number",
    Timestamp timestamp: "ns since 1970",
    End end: "ns since 1970",
    Intended intended: "ns since 1970",
    Lag lag: "ns",
    Latency latency: "ns",
    Code code: "HTTP status",
    BytesOut bytes_out: "bytes",
    BytesIn bytes_in: "bytes",
    Target target: "index of targets",
    Error error: "index of errors, less 1",
    Headers headers: "index of headers, less 1",
    Body body: "bytes of bodies",
    Zone zone: "seconds east, zigzag, less 1",
    Dns dns: "ns, less 1",
    Connect connect: "ns, less 1",
    Tls tls: "ns, less 1",
    FirstByte first_byte: "ns, less 1",
}

/// Payload of a telemetry frame.
#[derive(Debug, Serialize)]
pub(super) struct Telemetry<'a> {
    pub(super) time_ns: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cpu_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cpus: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) run_queue_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) in_flight: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) open_files: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ports_in_use: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) sockets: BTreeMap<&'a str, u64>,
    #[serde(skip_serializing_if = "<[(f64, u64)]>::is_empty")]
    pub(super) send_lag: &'a [(f64, u64)],
}

/// Payload of a rate frame.
#[derive(Debug, Serialize)]
pub(super) struct SentRate<'a> {
    pub(super) attack: &'a str,
    pub(super) start_ns: i64,
    pub(super) duration_ns: u64,
    pub(super) rate_rps: f64,
}

/// Payload of an end frame.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct End {
    /// All records that were written.
    pub(crate) records: u64,
    /// Whether the writer came to an end of its own.
    pub(crate) clean: bool,
}
