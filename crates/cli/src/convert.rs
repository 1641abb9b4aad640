//! `plimsoll convert`: records as they are, in another format, or what they amount to as a table.

#[cfg(feature = "tables")]
mod counted;
mod tables;

use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::Context as _;
use plimsoll_analysis::{Analyzer, Options, WarmUpFinder, WarmUps};
use plimsoll_ingest::write::{Encoder, Losses, NativeOutput, preamble};
use plimsoll_ingest::{
    Aside, Collect, Progress, ReadOptions, Source, StreamHeader, WholeRecord, expand, read,
    read_whole,
};
use plimsoll_model::{Format, InputId, Ledger, Nanos, Timestamp};
use plimsoll_render::{hgrm, visible};

use crate::args::{Convert, LatencyOf, Table, Target};
use crate::config::Config;
use crate::exit::Outcome;
use crate::{analyze, inputs, output, progress};

pub(crate) use tables::TableArgs;

/// Converts, and says whether all of the inputs was there to be converted.
pub(crate) fn run(args: &Convert) -> anyhow::Result<Outcome> {
    anyhow::ensure!(
        args.outcome.is_none() || args.to == Target::Hgrm,
        "--outcome chooses the latencies of a distribution: it goes with --to hgrm"
    );
    let table = tables::asked(args)?;
    anyhow::ensure!(
        args.read.config.is_none() || args.to == Target::Hgrm || table.is_some(),
        "--config says what a success is: it goes with tables and with --to hgrm"
    );
    anyhow::ensure!(
        !args.redact || args.to != Target::Hgrm,
        "--redact masks texts, and a distribution has none"
    );
    let mut sources = expand(inputs::named(&args.files)?)?;
    if let Some(path) = &args.output {
        output::refuse_input(path, &sources)?;
    }
    if args.skip > Nanos::ZERO || table == Some(Table::Records) {
        // What a run's start is, and what a record counts as, shows only when all has been read.
        for source in &mut sources {
            source.spool()?;
        }
    }
    let (ledgers, too_large) = match (table, args.to) {
        (Some(table), _) => (tables::write(args, table, &sources)?, 0),
        (None, Target::Gob) => records(args, &sources, Format::VegetaGob)?,
        (None, Target::Json) => records(args, &sources, Format::VegetaJson)?,
        (None, Target::Csv) => records(args, &sources, Format::VegetaCsv)?,
        (None, Target::Native) => records(args, &sources, Format::Native)?,
        (None, Target::Hgrm | Target::Parquet | Target::Ipc) => (distribution(args, &sources)?, 0),
    };
    for ledger in &ledgers {
        let told = match &ledger.refused {
            // A file that a directory happens to hold.
            Some(_) if !ledger.named => format!("note: {}", inputs::nothing_read(ledger)),
            Some(_) => format!("warning: {}", inputs::nothing_read(ledger)),
            None if ledger.is_damaged() => damage(ledger),
            None => continue,
        };
        output::complain(&visible(&told));
    }
    for (ledger, note) in
        ledgers.iter().flat_map(|ledger| ledger.notes.iter().map(move |note| (ledger, note)))
    {
        output::complain(&visible(&format!("note: {}: {note}", ledger.name)));
    }
    Ok(match inputs::outcome(&ledgers, args.read.allow_damaged, "see above") {
        Outcome::Answered if too_large > 0 && !args.read.allow_damaged => Outcome::NoVerdict,
        outcome => outcome,
    })
}

/// Writes the records as they come.
///
/// Returns the account of each input, and how many records the format had no room for.
fn records(
    args: &Convert,
    sources: &[Source],
    format: Format,
) -> anyhow::Result<(Vec<Ledger>, u64)> {
    let mut out = Out::Unwritten(output::Stream::open(args.output.as_deref())?);
    let mut done = Done::default();
    let mut failed = None;
    let reading = ReadOptions { threads: args.read.threads.into(), ..ReadOptions::default() };
    let warm_ups = (args.skip > Nanos::ZERO).then(|| warm_ups(args, sources)).transpose()?;
    let new = || Selected {
        encoder: Encoder::new(format, args.redact),
        from: args.from_time,
        to: args.to_time,
        warm_ups: warm_ups.as_ref(),
        input: InputId::default(),
        records: 0,
    };
    // What is written of the same input in two ways has two ids.
    let mark = sizes(sources) ^ u64::from(args.redact);
    let seen = Progress::default();
    let ledgers = progress::watch(sources, &seen, || {
        read_whole(sources, &reading, &seen, &new, &mut |_, part| {
            done.add(part);
            match std::mem::replace(&mut out, Out::Broken).write(&part.encoder, format, mark) {
                Ok(written) => {
                    out = written;
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    anyhow::ensure!(done.records > 0, nothing_left(&ledgers));
    done.too_large = out.too_large();
    out.finish()?;
    done.tell(args.redact);
    Ok((ledgers, done.too_large))
}

/// Something by which inputs that begin alike differ: how large they are, where that is known.
fn sizes(sources: &[Source]) -> u64 {
    let sizes = sources.iter().filter_map(Source::size);
    sizes.fold(0, |mark, size| mark.rotate_left(7) ^ size)
}

/// What of each run is its warm-up.
fn warm_ups(args: &Convert, sources: &[Source]) -> anyhow::Result<WarmUps> {
    let options =
        Options { from: args.from_time, to: args.to_time, skip: args.skip, ..Options::default() };
    let mut finder = WarmUpFinder::new(&options);
    let reading = ReadOptions { threads: args.read.threads.into(), ..ReadOptions::default() };
    let seen = Progress::default();
    progress::watch(sources, &seen, || {
        read(sources, &reading, &seen, &mut |batch| finder.add(batch))
    })?;
    Ok(finder.finish())
}

/// Where the records go.
enum Out<'a> {
    Unwritten(output::Stream<'a>),
    Bytes(output::Stream<'a>),
    /// With what to say where it cannot be written.
    Native(Box<NativeOutput<output::Stream<'a>>>, String),
    /// Writing has failed.
    Broken,
}

impl Out<'_> {
    /// Writes a part; of a native stream, `mark` goes into what tells it from others.
    fn write(self, part: &Encoder, format: Format, mark: u64) -> anyhow::Result<Self> {
        let mut out = match self {
            Self::Unwritten(stream) if format == Format::Native => {
                let header = StreamHeader {
                    id: part.mark() ^ mark,
                    tool: "plimsoll convert".to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    ..StreamHeader::default()
                };
                let place = stream.cannot_write();
                Self::Native(Box::new(NativeOutput::new(stream, header)), place)
            }
            Self::Unwritten(mut stream) => {
                stream.put(preamble(format))?;
                Self::Bytes(stream)
            }
            begun => begun,
        };
        match &mut out {
            Self::Bytes(stream) => stream.put(part.bytes())?,
            Self::Native(output, place) => output.write(part).with_context(|| place.clone())?,
            Self::Unwritten(_) | Self::Broken => {}
        }
        Ok(out)
    }

    /// Records that are too large for the format.
    fn too_large(&self) -> u64 {
        match self {
            Self::Native(output, _) => output.too_large(),
            Self::Unwritten(_) | Self::Bytes(_) | Self::Broken => 0,
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Unwritten(stream) | Self::Bytes(stream) => stream.finish(),
            Self::Native(output, place) => output.finish().context(place)?.finish(),
            Self::Broken => Ok(()),
        }
    }
}

/// Bytes that a worker holds before it hands them over, and those of one record.
const MAX_PART: usize = 1 << 24;

/// The records of a time range, without warm-ups, written down.
struct Selected<'a> {
    encoder: Encoder,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    warm_ups: Option<&'a WarmUps>,
    input: InputId,
    records: u64,
}

impl Collect for Selected<'_> {
    fn begin(&mut self, input: InputId) {
        self.encoder.clear();
        self.input = input;
        self.records = 0;
    }

    fn record(&mut self, record: &WholeRecord<'_>) {
        let at = record.timestamp();
        let is_cut = |end: Timestamp, beyond: bool| beyond || !at.is_known() || !end.is_known();
        if self.from.is_some_and(|from| is_cut(from, at < from))
            || self.to.is_some_and(|to| is_cut(to, at >= to))
            || self.warm_ups.is_some_and(|warm_ups| {
                let attack = record.attack();
                let attack = String::from_utf8_lossy(&attack);
                let intended = record.intended();
                let due = if intended.is_known() { intended } else { at };
                warm_ups.contain(self.input, &attack, record.seq(), due, at)
            })
        {
            return;
        }
        self.records += 1;
        self.encoder.record(record);
    }

    fn aside(&mut self, aside: &Aside<'_>) {
        self.encoder.aside(aside);
    }

    fn is_full(&self) -> bool {
        self.encoder.size() >= MAX_PART
    }
}

/// What has been written, and what of it is worth telling.
#[derive(Default)]
struct Done {
    records: u64,
    credentials: u64,
    losses: Losses,
    /// Frames of native streams that are not written.
    asides: u64,
    /// Records that are not written, as they are larger than the format can hold.
    too_large: u64,
}

impl Done {
    fn add(&mut self, part: &Selected<'_>) {
        self.records += part.records;
        self.credentials += part.encoder.credentials();
        self.losses.merge(part.encoder.losses());
        self.asides += part.encoder.asides_left_out();
    }

    fn tell(&self, redacted: bool) {
        for (loss, records) in self.losses.iter() {
            output::complain(&format!("note: {}: {loss}", self.share(records)));
        }
        if self.asides > 0 {
            output::complain(&format!(
                "note: what native streams say of themselves and of their generators is left out: {} {}",
                self.asides,
                if self.asides == 1 { "frame" } else { "frames" }
            ));
        }
        if self.too_large > 0 {
            output::complain(&format!(
                "warning: {} are left out: a native stream holds 8 MiB of a record's texts, 65,536 headers, and 30 MiB in all",
                self.share(self.too_large)
            ));
        }
        match self.credentials {
            0 => {}
            records if redacted => output::complain(&format!(
                "note: {}: what may be a credential is masked; bodies are as they were",
                self.share(records)
            )),
            records => output::complain(&format!(
                "warning: {}: URL, texts or headers hold what may be a credential; --redact masks it",
                self.share(records)
            )),
        }
    }

    fn share(&self, records: u64) -> String {
        format!("{records} of {} records", self.records)
    }
}

/// The latencies that `analyze` would tell of, as a distribution.
fn distribution(args: &Convert, sources: &[Source]) -> anyhow::Result<Vec<Ledger>> {
    let config = Config::load(args.read.config.as_deref(), args.output.as_deref())?;
    let in_file = |error: anyhow::Error| config.in_file(error);
    let chains = config.chains().map_err(in_file)?;
    let options = Options {
        chains: chains.by,
        from: args.from_time,
        to: args.to_time,
        skip: args.skip,
        taxonomy: Arc::new(config.taxonomy().map_err(in_file)?),
        ..Options::default()
    };
    let reading = ReadOptions {
        threads: args.read.threads.into(),
        headers: chains.headers,
        accepted_rpc_codes: config.rpc_codes().map_err(in_file)?.success,
        ..ReadOptions::default()
    };
    let (ledgers, findings) = analyze::count(sources, &reading, options, Analyzer::finish)?;
    let latency = &findings.total.latency;
    let parts = match args.outcome.unwrap_or_default() {
        LatencyOf::All => vec![&latency.success_histogram, &latency.failure_histogram],
        LatencyOf::Success => vec![&latency.success_histogram],
        LatencyOf::Failure => vec![&latency.failure_histogram],
    };
    anyhow::ensure!(findings.total.requests > 0, nothing_left(&ledgers));
    output::answer(&hgrm::render(&parts), args.output.as_deref())?;
    Ok(ledgers)
}

/// Why there is no record to write; what is wrong with each input is told apart.
fn nothing_left(ledgers: &[Ledger]) -> String {
    for ledger in ledgers.iter().filter(|ledger| ledger.records == 0) {
        output::complain(&visible(&inputs::nothing_read(ledger)));
    }
    match ledgers.iter().map(|ledger| ledger.records).sum() {
        0_u64 => "there is no record to convert".to_owned(),
        read => format!("all {read} records were left out by --from-time, --to-time or --skip"),
    }
}

/// What was lost of an input, and where first.
fn damage(ledger: &Ledger) -> String {
    let Ledger { name, damaged_records, lost_bytes, .. } = ledger;
    let first = ledger.damage.first().map(|first| {
        format!(", first record {}, byte {}: {}", first.record, first.byte, first.what)
    });
    let places = match ledger.damage.len() {
        0 | 1 => String::new(),
        Ledger::MAX_DAMAGE => format!(" in {} places or more", Ledger::MAX_DAMAGE),
        places => format!(" in {places} places"),
    };
    format!(
        "warning: {name}: {} and {} are lost{places}{}",
        counted(*damaged_records, "record"),
        counted(*lost_bytes, "byte"),
        first.unwrap_or_default()
    )
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
