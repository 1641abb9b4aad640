//! Where results go, and in which format.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::path::Path;

use plimsoll_attack::schedule::Share;
use plimsoll_attack::telemetry::{Second, host_name};
use plimsoll_attack::{Attack, Block, Outcome};
use plimsoll_ingest::write::{Encoder, preamble};
use plimsoll_ingest::{
    Clocks, Error, ErrorKind, NativeRecord, NativeWriter, Phases, SentRate, Shard, StreamHeader,
    Telemetry,
};
use plimsoll_model::{Format, Nanos, Timestamp};

use super::args::To;
use super::place::Place;
use super::sent_schedule::{sent_schedule, sent_schedules};
use crate::output;

/// Of a long shard with an odd place, too few numbers are sampled to tell how well it kept its schedule.
const SHARD_UNSAID: &str = "warning: --shard: vegeta's formats do not say which part of an attack results are: analyze gathers it from the numbers, and where it cannot (fewer than 16 requests, or the pace of a long attack), a native stream says it";

/// Bytes after which results are written without waiting for the second to end.
const BUFFER: usize = 256 << 10;

/// Writes down what an attack says. After each second everything is handed over, whole records only.
pub(super) struct Results {
    form: Form,
    names: Vec<String>,
    /// Records whose bodies and headers are more than a native stream holds.
    cut: u64,
}

enum Form {
    /// A native stream, which begins when the attack does.
    Unbegun(Place, Box<StreamHeader>),
    Native(Box<NativeWriter<Place>>),
    Encoded(Box<Encoded>),
    /// Nothing more is written: it has failed, or is complete.
    Ended,
}

/// Records in one of vegeta's formats.
struct Encoded {
    place: Place,
    encoder: Encoder,
    /// What is still to come in front of the first record.
    preamble: &'static [u8],
}

impl Results {
    /// `stdout`, as vegeta calls it, `-`, and no name are the standard output.
    pub(super) fn create(
        path: Option<&Path>,
        to: Option<To>,
        name: &str,
        attack: &Attack,
    ) -> anyhow::Result<Self> {
        let path =
            path.filter(|path| !["-", "stdout"].iter().any(|name| path.as_os_str() == *name));
        if let Some(path) = path {
            refuse_compressed(path)?;
        }
        let place = Place::create(path)?;
        let form = match to.unwrap_or_else(|| To::of(path)).format() {
            Format::Native => Form::Unbegun(place, Box::new(header(name, attack))),
            format => {
                if attack.share != Share::ALL {
                    output::complain(SHARD_UNSAID);
                }
                let encoder = Encoder::new(format, false);
                Form::Encoded(Box::new(Encoded { place, encoder, preamble: preamble(format) }))
            }
        };
        let names = attack.chains.iter().map(|chain| chain.name.clone()).collect();
        Ok(Self { form, names, cut: 0 })
    }

    pub(super) fn start(&mut self, wall: Timestamp, monotonic: Nanos) -> io::Result<()> {
        self.form = match std::mem::replace(&mut self.form, Form::Ended) {
            Form::Unbegun(place, header) => {
                let header = StreamHeader { start: Some(Clocks { wall, monotonic }), ..*header };
                Form::Native(Box::new(NativeWriter::new(place, &header).map_err(cause)?))
            }
            form => form,
        };
        Ok(())
    }

    pub(super) fn outcomes(&mut self, block: &Block) -> io::Result<()> {
        let written = self.write(block);
        self.ended_if_failed(written)
    }

    /// Hands over what there is, and how the generator fared where the format has a place for it.
    pub(super) fn second(&mut self, second: &Second) -> io::Result<()> {
        let written = match &mut self.form {
            Form::Native(writer) => {
                writer.flush().and_then(|()| writer.telemetry(&telemetry(second))).map_err(cause)
            }
            Form::Encoded(encoded) => encoded.hand_over(),
            Form::Unbegun(..) | Form::Ended => Ok(()),
        };
        self.ended_if_failed(written)
    }

    /// Writes down a rate that a chain will keep, where the format has a place for it.
    pub(super) fn rate(&mut self, chain: usize, rate: SentRate) -> io::Result<()> {
        let name = self.names.get(chain).map_or("", |name| name);
        let written = match &mut self.form {
            Form::Native(writer) => writer.rate(name, rate).map_err(cause),
            Form::Encoded(_) | Form::Unbegun(..) | Form::Ended => Ok(()),
        };
        self.ended_if_failed(written)
    }

    /// Behind a piece that could not be written, another would not be where it belongs.
    fn ended_if_failed(&mut self, written: io::Result<()>) -> io::Result<()> {
        written.inspect_err(|_| self.form = Form::Ended)
    }

    fn write(&mut self, block: &Block) -> io::Result<()> {
        let mut headers = Vec::new();
        for outcome in block.iter() {
            headers.clear();
            headers.extend(outcome.headers());
            // Those of one name together, in the order in which they came.
            headers.sort_by_key(|(name, _)| *name);
            let name = self.names.get(outcome.chain).map_or("", |name| name);
            let record = native_record(name, &outcome, &headers);
            match &mut self.form {
                Form::Native(writer) => self.cut += u64::from(write(writer, &record)?),
                Form::Encoded(encoded) => {
                    encoded.encoder.made(&record);
                    if encoded.encoder.bytes().len() >= BUFFER {
                        encoded.hand_over()?;
                    }
                }
                Form::Unbegun(..) | Form::Ended => {}
            }
        }
        Ok(())
    }

    /// Ends the results; `clean` unless the attack was ended early.
    pub(super) fn finish(&mut self, clean: bool) -> io::Result<()> {
        match std::mem::replace(&mut self.form, Form::Ended) {
            Form::Native(writer) if clean => writer.finish().map(drop).map_err(cause),
            Form::Native(writer) => writer.interrupt().map(drop).map_err(cause),
            Form::Encoded(mut encoded) => encoded.hand_over(),
            Form::Unbegun(..) | Form::Ended => Ok(()),
        }
    }

    /// What is missing from the results.
    pub(super) fn losses(&self) -> Option<String> {
        (self.cut > 0).then(|| {
            format!(
                "warning: {} answers are in the results without body and headers, which are more than a native stream holds of one: -max-body bounds them",
                self.cut
            )
        })
    }
}

impl Encoded {
    fn hand_over(&mut self) -> io::Result<()> {
        if self.encoder.bytes().is_empty() {
            return Ok(());
        }
        self.place.put(std::mem::take(&mut self.preamble))?;
        self.place.put(self.encoder.bytes())?;
        self.encoder.clear();
        Ok(())
    }
}

/// What is compressed holds back the last seconds, and loses them where the attack is killed.
fn refuse_compressed(path: &Path) -> anyhow::Result<()> {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    anyhow::ensure!(
        !["gz", "gzip", "zst", "zstd"].iter().any(|compressed| ending == *compressed),
        "-output={}: results are not compressed while they are written: compress them afterwards (analyze reads gzip and zstd), or write a native stream, the smallest",
        path.display()
    );
    Ok(())
}

impl To {
    /// What the ending of the file's name stands for; native, which keeps all there is, where it stands for nothing.
    fn of(path: Option<&Path>) -> Self {
        let ending = path.and_then(Path::extension).unwrap_or_default().to_ascii_lowercase();
        match ending.to_str() {
            Some("bin" | "gob") => Self::Gob,
            Some("json") => Self::Json,
            Some("csv") => Self::Csv,
            _ => Self::Native,
        }
    }

    fn format(self) -> Format {
        match self {
            Self::Native => Format::Native,
            Self::Gob => Format::VegetaGob,
            Self::Json => Format::VegetaJson,
            Self::Csv => Format::VegetaCsv,
        }
    }
}

/// What a native stream says at its beginning, but for the start.
fn header(name: &str, attack: &Attack) -> StreamHeader {
    let name = match &attack.chains[..] {
        [chain] => &chain.name,
        _ => name,
    };
    let narrow = |number| u32::try_from(number).unwrap_or(u32::MAX);
    StreamHeader {
        // As random as a hasher's seed.
        id: RandomState::new().build_hasher().finish(),
        tool: "plimsoll attack".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        host: host_name(),
        attack: name.to_owned(),
        schedule: sent_schedule(&attack.chains),
        chains: sent_schedules(&attack.chains),
        shard: (attack.share != Share::ALL).then(|| Shard {
            index: narrow(attack.share.index()),
            count: narrow(attack.share.step()),
        }),
        start: None,
    }
}

/// A result as a native stream has it.
pub(super) fn native_record<'a>(
    name: &'a str,
    outcome: &Outcome<'a>,
    headers: &'a [(&'a [u8], &'a [u8])],
) -> NativeRecord<'a> {
    let body = outcome.body.unwrap_or_default();
    let answered = outcome.code != 0;
    let phases = outcome.phases;
    NativeRecord {
        attack: name.as_bytes(),
        method: outcome.target.method.as_bytes(),
        url: outcome.target.url.as_bytes(),
        error: outcome.error.as_bytes(),
        body,
        headers: answered.then_some(headers),
        seq: Some(outcome.seq),
        timestamp: outcome.sent,
        intended: outcome.intended,
        latency: outcome.latency,
        phases: Some(Phases {
            dns: phases.dns,
            connect: phases.connect,
            tls: phases.tls,
            first_byte: phases.first_byte,
        }),
        bytes_out: outcome.bytes_out,
        // As vegeta: of an answer that broke off, the body is kept, and not counted.
        bytes_in: if answered { body.len() as u64 } else { 0 },
        code: outcome.code,
        ..NativeRecord::default()
    }
}

/// Writes a record, and says whether it had to be cut.
fn write(writer: &mut NativeWriter<Place>, record: &NativeRecord<'_>) -> io::Result<bool> {
    match writer.write(record) {
        Err(error) if matches!(error.kind(), ErrorKind::TooLarge { .. }) => {
            let bare = NativeRecord { body: &[], headers: None, ..*record };
            writer.write(&bare).map(|()| true).map_err(cause)
        }
        written => written.map(|()| false).map_err(cause),
    }
}

/// How the generator fared, as a native stream has it.
pub(super) fn telemetry(second: &Second) -> Telemetry {
    let ratio = |part: Nanos| {
        let span = second.span.as_secs_f64();
        (span > 0.0).then(|| part.as_secs_f64() / span)
    };
    let sockets = match second.states {
        Some(states) => vec![
            ("ESTABLISHED", states.established),
            ("SYN_SENT", states.connecting),
            ("CLOSE_WAIT", states.close_wait),
            ("TIME_WAIT", states.time_wait),
        ],
        None => vec![("TIME_WAIT", second.sockets.time_wait)],
    };
    let quantile = |lag: plimsoll_attack::telemetry::Lag| {
        vec![(0.5, lag.p50), (0.99, lag.p99), (1.0, lag.max)]
    };
    Telemetry {
        time: second.at,
        cpu_ratio: ratio(second.cpu),
        cpus: second.cpus,
        run_queue_ratio: ratio(second.run_queue_delay),
        in_flight: Some(second.in_flight),
        open_files: Some(second.open_files),
        ports_in_use: second.states.map(|states| states.ports),
        sockets: sockets.into_iter().map(|(state, count)| (state.to_owned(), count)).collect(),
        send_lag: second.lag.map(quantile).unwrap_or_default(),
    }
}

/// An error of the kind by which a closed pipe is known.
fn cause(error: Error) -> io::Error {
    let kind = match error.kind() {
        ErrorKind::Write { source } => source.kind(),
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
