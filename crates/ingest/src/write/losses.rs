//! What a format cannot hold.

use std::fmt;

use plimsoll_model::Format;

use crate::body::RawBody;
use crate::raw::Zone;
use crate::time::has_rfc3339;
use crate::whole::WholeRecord;

/// Something of a record that is not what it was after it has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Loss {
    /// The zone of the time.
    Zone,
    /// The seconds of the offset of the time's zone.
    ZoneSeconds,
    /// That the time is not known.
    UnknownTime,
    /// The time itself, before 1678 or after 2262.
    TimeOutOfRange,
    /// When the request was due.
    Intended,
    /// What the latency is made of.
    Phases,
    /// That the request has no number.
    NoNumber,
    /// That there is no body, rather than an empty one.
    AbsentBody,
    /// That there is an empty body, rather than none.
    EmptyBody,
    /// A body that is not the base64 that it should be.
    UnreadableBody,
    /// Headers, or parts of their names or values.
    Headers,
    /// Bytes of a text that are not UTF-8.
    Encoding,
    /// Line ends inside a text.
    LineEnds,
}

const LOSSES: [Loss; 13] = [
    Loss::Zone,
    Loss::ZoneSeconds,
    Loss::UnknownTime,
    Loss::TimeOutOfRange,
    Loss::Intended,
    Loss::Phases,
    Loss::NoNumber,
    Loss::AbsentBody,
    Loss::EmptyBody,
    Loss::UnreadableBody,
    Loss::Headers,
    Loss::Encoding,
    Loss::LineEnds,
];

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zone => "the zone of the time is not written",
            Self::ZoneSeconds => "the zone is written without its seconds; the moment stays",
            Self::UnknownTime => "a time that is not known is written as vegeta does, as of 1754",
            Self::TimeOutOfRange => {
                "a time before 1678 or after 2262 is written as year 1, unknown"
            }
            Self::Intended => "the time at which the request was due is not written",
            Self::Phases => "the phases of the latency are not written",
            Self::NoNumber => "a request without a number gets number 0",
            Self::AbsentBody => "no body is written as an empty one",
            Self::EmptyBody => "an empty body is written as none",
            Self::UnreadableBody => "a body that is no base64 is written empty",
            Self::Headers => "some headers are no HTTP/1 and are written in part",
            Self::Encoding => "bytes that are no UTF-8 are written as U+FFFD",
            Self::LineEnds => "a line end of two characters in a text is read back as one",
        })
    }
}

/// How many records have lost what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses([u64; LOSSES.len()]);

impl Losses {
    #[inline]
    pub(super) fn add(&mut self, loss: Loss) {
        self.0[loss as usize] += 1;
    }

    /// Counts what shows from the record alone, whatever its texts hold.
    #[inline]
    pub(super) fn before(&mut self, record: &WholeRecord<'_>, to: Format) {
        let raw = record.raw;
        match raw.zone {
            Zone::Utc => {}
            Zone::OutOfRange => self.add(Loss::TimeOutOfRange),
            Zone::Offset(offset) => {
                let kept = match to {
                    Format::VegetaCsv => offset == 0,
                    // Go's mark for UTC itself.
                    Format::VegetaGob => offset != -60,
                    Format::VegetaJson => has_rfc3339(offset),
                    Format::Native => true,
                };
                if !kept {
                    self.add(Loss::Zone);
                } else if to == Format::VegetaJson && offset % 60 != 0 {
                    self.add(Loss::ZoneSeconds);
                }
            }
        }
        if to == Format::VegetaCsv && !raw.timestamp.is_known() {
            self.add(Loss::UnknownTime);
        }
        if to != Format::Native && raw.intended.is_known() {
            self.add(Loss::Intended);
        }
        if to != Format::Native && raw.phases.is_some() {
            self.add(Loss::Phases);
        }
        if to != Format::Native && !raw.has_seq {
            self.add(Loss::NoNumber);
        }
        match (raw.body, to) {
            (RawBody::Absent | RawBody::Plain([]), Format::VegetaCsv) => self.add(Loss::AbsentBody),
            // CSV itself cannot tell.
            (RawBody::Base64([]), Format::VegetaGob | Format::Native)
                if record.format != Format::VegetaCsv =>
            {
                self.add(Loss::EmptyBody);
            }
            _ => {}
        }
    }

    /// Adds what others have lost.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// What was lost, and in how many records.
    pub fn iter(&self) -> impl Iterator<Item = (Loss, u64)> {
        LOSSES.into_iter().zip(self.0).filter(|&(_, records)| records > 0)
    }
}
