//! What was held so far, analysed as `plimsoll analyze` does.

use plimsoll_analysis::{Analyzer, Findings, Options, Step};
use plimsoll_ingest::{
    NativeRecord, NativeWriter, Progress, ReadOptions, SentRate, Source, StreamHeader, Telemetry,
    read,
};

/// The requests of all trials.
pub(super) struct Trials {
    analyzer: Analyzer,
    reading: ReadOptions,
    /// What was not analysed yet, as a native stream.
    writer: NativeWriter<Vec<u8>>,
}

impl Trials {
    pub(super) fn new(options: Options, reading: ReadOptions) -> anyhow::Result<Self> {
        let analyzer = Analyzer::new(options, vec!["the attack".to_owned()]);
        Ok(Self { analyzer, reading, writer: stream()? })
    }

    pub(super) fn add(&mut self, record: &NativeRecord<'_>) -> anyhow::Result<()> {
        // An answer that is too large for the stream is judged without its body.
        let bare = || NativeRecord { body: &[], headers: None, ..*record };
        Ok(self.writer.write(record).or_else(|_| self.writer.write(&bare()))?)
    }

    pub(super) fn telemetry(&mut self, telemetry: &Telemetry) -> anyhow::Result<()> {
        Ok(self.writer.telemetry(telemetry)?)
    }

    /// A rate that a chain will keep: the results say it too.
    pub(super) fn rate(&mut self, chain: &str, rate: SentRate) -> anyhow::Result<()> {
        Ok(self.writer.rate(chain, rate)?)
    }

    /// What they show by now.
    pub(super) fn findings(&mut self) -> anyhow::Result<Findings> {
        let bytes = std::mem::replace(&mut self.writer, stream()?).finish()?;
        let source = [Source::in_memory("the attack", bytes)];
        let analyzer = &mut self.analyzer;
        read(&source, &self.reading, &Progress::default(), &mut |batch| analyzer.add(batch))?;
        let mut analyzer = self.analyzer.clone();
        loop {
            match analyzer.finish(false) {
                Step::Done(findings) => return Ok(*findings),
                Step::ReadAgain(again) => analyzer = *again,
            }
        }
    }
}

fn stream() -> anyhow::Result<NativeWriter<Vec<u8>>> {
    Ok(NativeWriter::new(Vec::new(), &StreamHeader::default())?)
}
