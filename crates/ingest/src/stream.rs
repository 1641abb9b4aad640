//! An input's bytes, decompressed, counted and hashed on the way.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::atomic::Ordering;

use flate2::bufread::MultiGzDecoder;
use plimsoll_model::Compression;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::pipeline::Progress;
use crate::source::Source;

/// The largest window of a zstd frame that is decoded, 2^27 bytes: what the zstd tool accepts without being asked.
const ZSTD_WINDOW_LOG: u32 = 27;

/// Bytes handed to a decompressor at a time.
const BUFFER: usize = 1 << 17;

/// The stored bytes.
struct Stored<'a> {
    head: Cursor<Vec<u8>>,
    rest: Box<dyn Read + Send>,
    hash: Option<Sha256>,
    bytes: u64,
    progress: &'a Progress,
}

impl Read for Stored<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = self.head.read(buffer)?;
        while count == 0 && !buffer.is_empty() {
            match self.rest.read(buffer) {
                Ok(0) => break,
                Ok(read) => count = read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(hash) = &mut self.hash {
            hash.update(&buffer[..count]);
        }
        self.bytes += count as u64;
        self.progress.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

enum Decompressor<'a> {
    None(Stored<'a>),
    Gzip(Box<MultiGzDecoder<BufReader<Stored<'a>>>>),
    Zstd(zstd::stream::read::Decoder<'static, BufReader<Stored<'a>>>),
}

/// An open input.
pub(crate) struct Stream<'a> {
    decompressor: Decompressor<'a>,
    size: Option<u64>,
}

impl<'a> Stream<'a> {
    pub(crate) fn open(source: &Source, hash: bool, progress: &'a Progress) -> Result<Self, Error> {
        let failed = |error| Error::open(source.name(), error);
        let (mut rest, size) = source.open()?;
        let mut head = Vec::new();
        rest.by_ref().take(4).read_to_end(&mut head).map_err(failed)?;
        let magic = head.clone();
        let hash = hash.then(Sha256::new);
        let stored = Stored { head: Cursor::new(head), rest, hash, bytes: 0, progress };
        let decompressor = match magic.as_slice() {
            [0x1f, 0x8b, 8, ..] => Decompressor::Gzip(Box::new(MultiGzDecoder::new(
                BufReader::with_capacity(BUFFER, stored),
            ))),
            [0x28, 0xb5, 0x2f, 0xfd] => {
                let stored = BufReader::with_capacity(BUFFER, stored);
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(stored).map_err(failed)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(failed)?;
                Decompressor::Zstd(decoder)
            }
            _ => Decompressor::None(stored),
        };
        Ok(Self { decompressor, size })
    }

    pub(crate) fn compression(&self) -> Compression {
        match self.decompressor {
            Decompressor::None(_) => Compression::None,
            Decompressor::Gzip(_) => Compression::Gzip,
            Decompressor::Zstd(_) => Compression::Zstd,
        }
    }

    fn stored(&mut self) -> (&mut Stored<'a>, usize) {
        match &mut self.decompressor {
            Decompressor::None(stored) => (stored, 0),
            Decompressor::Gzip(decoder) => {
                let buffered = decoder.get_ref().buffer().len();
                (decoder.get_mut().get_mut(), buffered)
            }
            Decompressor::Zstd(decoder) => {
                let buffered = decoder.get_ref().buffer().len();
                (decoder.get_mut().get_mut(), buffered)
            }
        }
    }

    /// Stored bytes that have not been decompressed, as far as the size is known: after an error, what is lost.
    pub(crate) fn unread(&mut self) -> u64 {
        let size = self.size;
        let (stored, buffered) = self.stored();
        size.unwrap_or(stored.bytes).saturating_sub(stored.bytes) + buffered as u64
    }

    /// Reads what is left of the stored bytes of a file, for the hash, and returns their number and hash.
    pub(crate) fn finish(&mut self) -> (u64, Option<String>) {
        let size = self.size;
        let (stored, _) = self.stored();
        if stored.hash.is_some() && size.is_some() {
            // A file that can no longer be read has been told of already.
            let _ = io::copy(stored, &mut io::sink());
        }
        let hash = stored.hash.take().map(|hash| hexadecimal(&hash.finalize()));
        (size.unwrap_or(stored.bytes).max(stored.bytes), hash)
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.decompressor {
            Decompressor::None(stored) => stored.read(buffer),
            Decompressor::Gzip(decoder) => decoder.read(buffer),
            Decompressor::Zstd(decoder) => decoder.read(buffer),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        text.extend(
            [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])),
        );
        text
    })
}
