//! Inputs to chunks: each begins and ends at a record's boundary and can be decoded on its own.

use std::io::{Cursor, Read as _};

use plimsoll_model::{Compression, Format};

use crate::decoder::Decoder;
use crate::detect::detect;
use crate::error::Error;
use crate::pipeline::{Progress, ReadOptions};
use crate::sink::Ignore;
use crate::source::Source;
use crate::stream::Stream;
use crate::{MAX_RECORD, gob, line};

/// Bytes from which an input's format is recognised; more where they hold no line end.
const HEAD: usize = 1 << 16;

/// Whole records of one input, at the beginning of the buffer that was handed in.
pub(crate) struct Chunk {
    /// Chunks are numbered in the order of the inputs.
    pub(crate) number: u64,
    pub(crate) input: usize,
    /// Where the chunk begins in the (decompressed) input.
    pub(crate) offset: u64,
    pub(crate) length: usize,
    /// Where the chunk ends in damage: as much of the buffer as it took to tell.
    pub(crate) seen: Option<usize>,
    /// The state in which its decoding begins; `None` where there is nothing to decode.
    pub(crate) decoder: Option<Decoder>,
    /// Why no part of it is a record.
    pub(crate) garbage: Option<String>,
    /// Set on an input's last chunk.
    pub(crate) finished: Option<Finished>,
}

/// What is known of an input once it has been read.
pub(crate) struct Finished {
    pub(crate) compression: Compression,
    pub(crate) bytes: u64,
    pub(crate) sha256: Option<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) refused: Option<String>,
    /// Whether it was refused because it cannot be opened.
    pub(crate) unreadable: bool,
    /// Why reading stopped early, and the stored bytes that were not read.
    pub(crate) broken: Option<(String, u64)>,
}

/// An input being read.
struct Open<'a> {
    stream: Stream<'a>,
    /// The beginning, read to recognise the format and to be read again.
    head: Cursor<Vec<u8>>,
    decoder: Option<Decoder>,
    /// Bytes read and not yet handed out, and where they begin.
    carry: Vec<u8>,
    offset: u64,
    notes: Vec<String>,
    refused: Option<String>,
    broken: Option<(String, u64)>,
}

/// Cuts the inputs into chunks. The cuts depend on the bytes and the chunk size alone.
pub(crate) struct Segmenter<'a> {
    sources: &'a [Source],
    options: &'a ReadOptions,
    progress: &'a Progress,
    input: usize,
    open: Option<Open<'a>>,
    number: u64,
}

impl<'a> Segmenter<'a> {
    pub(crate) fn new(
        sources: &'a [Source],
        options: &'a ReadOptions,
        progress: &'a Progress,
    ) -> Self {
        Self { sources, options, progress, input: 0, open: None, number: 0 }
    }

    /// The next chunk, in `buffer`; `None` behind the last input.
    pub(crate) fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Chunk>, Error> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => match self.sources.get(self.input) {
                None => return Ok(None),
                Some(source) => match Open::new(source, self.options.sha256, self.progress) {
                    Ok(open) => open,
                    // One file among many that a directory holds does not cost the others.
                    Err(error) if !source.is_named() => {
                        return Ok(Some(self.unreadable(source, &error)));
                    }
                    Err(error) => return Err(error),
                },
            },
        };
        let size = self.options.chunk_size.max(64);
        let size = size.max(open.carry.len() + size / 2);
        if buffer.len() != size {
            // Room for one very long record is given back.
            buffer.truncate(size);
            buffer.shrink_to(size);
            buffer.resize(size, 0);
        }
        let mut chunk = open.fill(buffer);
        chunk.number = self.number;
        chunk.input = self.input;
        self.number += 1;
        if chunk.finished.is_some() {
            self.input += 1;
        } else {
            self.open = Some(open);
        }
        Ok(Some(chunk))
    }

    /// The only chunk of an input that cannot be opened.
    fn unreadable(&mut self, source: &Source, error: &Error) -> Chunk {
        let reason =
            std::error::Error::source(error).map_or_else(String::new, |why| format!(": {why}"));
        let finished = Finished {
            compression: Compression::None,
            bytes: source.size().unwrap_or(0),
            sha256: None,
            notes: Vec::new(),
            refused: Some(format!("cannot be read{reason}")),
            unreadable: true,
            broken: None,
        };
        let chunk = Chunk {
            number: self.number,
            input: self.input,
            offset: 0,
            length: 0,
            seen: None,
            decoder: None,
            garbage: None,
            finished: Some(finished),
        };
        self.number += 1;
        self.input += 1;
        chunk
    }
}

impl<'a> Open<'a> {
    fn new(source: &Source, hash: bool, progress: &'a Progress) -> Result<Self, Error> {
        let mut open = Self {
            stream: Stream::open(source, hash, progress)?,
            head: Cursor::default(),
            decoder: None,
            carry: Vec::new(),
            offset: 0,
            notes: Vec::new(),
            refused: None,
            broken: None,
        };
        open.recognise();
        Ok(open)
    }

    /// Reads the beginning, as much of it as it takes to know the format.
    fn recognise(&mut self) {
        let mut head = vec![0; HEAD];
        let mut filled = 0;
        loop {
            let at_end = self.read(&mut head, &mut filled);
            match detect(&head[..filled], at_end) {
                Ok(found) => {
                    self.notes.extend(found.note);
                    self.decoder = Some(found.decoder);
                    break;
                }
                // A first line may be as long as a body is.
                Err(_) if !at_end && filled < MAX_RECORD && !head[..filled].contains(&b'\n') => {
                    head.resize(filled * 2, 0);
                }
                Err(refused) => {
                    self.refused = Some(refused);
                    break;
                }
            }
        }
        head.truncate(filled);
        self.head = Cursor::new(head);
    }

    fn fill(&mut self, buffer: &mut Vec<u8>) -> Chunk {
        let mut filled = self.carry.len();
        buffer[..filled].copy_from_slice(&self.carry);
        let mut garbage = None;
        let mut start = None;
        let (length, at_end) = loop {
            let at_end = self.read(buffer, &mut filled);
            let bytes = &buffer[..filled];
            let Some(decoder) = &mut self.decoder else { break (filled, true) };
            // More bytes are looked at from the same state, so that whoever decodes the chunk sees the same.
            decoder.clone_from(start.get_or_insert_with(|| decoder.clone()));
            if at_end {
                break (filled, true);
            }
            let length = boundary(bytes, decoder);
            decoder.header = 0;
            if length > 0 {
                break (length, false);
            }
            if filled >= MAX_RECORD {
                garbage = Some(format!("no record ends within {MAX_RECORD} bytes"));
                break (filled, false);
            }
            buffer.resize((buffer.len() * 2).min(MAX_RECORD.max(buffer.len() + 1)), 0);
        };
        self.carry.clear();
        self.carry.extend_from_slice(&buffer[length..filled]);
        let offset = self.offset;
        self.offset += length as u64;
        let lost = !at_end && self.decoder.as_ref().is_some_and(|decoder| decoder.lost);
        let seen = lost.then_some(filled);
        let finished = at_end.then(|| self.finish());
        Chunk { number: 0, input: 0, offset, length, seen, decoder: start, garbage, finished }
    }

    /// Fills the buffer as far as the input goes, so that the cuts do not depend on how a pipe delivers it.
    fn read(&mut self, buffer: &mut [u8], filled: &mut usize) -> bool {
        while *filled < buffer.len() {
            *filled += self.head.read(&mut buffer[*filled..]).unwrap_or(0);
            if *filled == buffer.len() {
                return false;
            }
            if self.broken.is_some() {
                return true;
            }
            match self.stream.read(&mut buffer[*filled..]) {
                Ok(0) => return true,
                Ok(count) => *filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let compression = self.stream.compression();
                    let what = match compression {
                        Compression::None => format!("reading failed: {error}"),
                        _ => format!("the {compression} stream is damaged or cut: {error}"),
                    };
                    self.broken = Some((what, self.stream.unread()));
                    return true;
                }
            }
        }
        false
    }

    fn finish(&mut self) -> Finished {
        let compression = self.stream.compression();
        let (bytes, sha256) = self.stream.finish();
        Finished {
            compression,
            bytes,
            sha256,
            notes: std::mem::take(&mut self.notes),
            refused: self.refused.take(),
            unreadable: false,
            broken: self.broken.take(),
        }
    }
}

/// The offset up to which `bytes` hold whole records, more being to come, and `decoder` in its state there.
fn boundary(bytes: &[u8], decoder: &mut Decoder) -> usize {
    let hopped = match decoder.format {
        Format::VegetaGob if decoder.lost => None,
        Format::VegetaGob => {
            let mut schema = decoder.schema.clone();
            gob::hop(bytes, &mut schema).inspect(|_| decoder.schema = schema)
        }
        // Walking without records is a hop already.
        Format::Native => None,
        Format::VegetaJson | Format::VegetaCsv => line::hop(bytes, decoder),
    };
    hopped.unwrap_or_else(|| decoder.walk(bytes, false, &mut Ignore))
}
