use crate::{GeneratorNote, Record};

/// An input's place in the order in which inputs are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InputId(pub u32);

/// The part of an attack's requests that a generator sends: those whose number leaves `index` when divided by `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Share {
    /// The lowest number.
    pub index: u64,
    /// The distance to the next, at least 1.
    pub count: u64,
}

impl Share {
    /// All requests.
    pub const ALL: Self = Self { index: 0, count: 1 };

    /// The place of a request among those of the share.
    #[inline]
    #[must_use]
    pub fn place(self, seq: u64) -> u64 {
        if self.count == 1 { seq } else { seq.saturating_sub(self.index) / self.count }
    }

    /// The number in the whole attack of the request at this place.
    #[inline]
    #[must_use]
    pub fn number(self, place: u64) -> u64 {
        place.wrapping_mul(self.count).wrapping_add(self.index)
    }
}

impl Default for Share {
    fn default() -> Self {
        Self::ALL
    }
}

/// What a request was aimed at. Texts are as recorded, unmasked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Target {
    /// The attack's name (vegeta's `-name`), empty where it has none.
    pub attack: String,
    /// The HTTP method, empty where the stream does not say.
    pub method: String,
    /// The URL before redirects, empty where the stream does not say.
    pub url: String,
    /// Values of the answer headers that the reader was asked for, in the order of asking; `None` where absent.
    pub headers: Vec<Option<String>>,
}

/// An error text with what varies from request to request blanked, and one text it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorText {
    /// The folded text ([`fold_error`](crate::fold_error)).
    pub template: String,
    /// The first recorded text of this batch that folds to the template, as recorded, unmasked.
    pub example: String,
    /// What the answers' bodies add to it. A text comes once for each sign.
    pub sign: BodySign,
}

/// What an answer's body adds to its status and error text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BodySign {
    /// Nothing, or no body was recorded.
    #[default]
    Nothing,
    /// There is no status, and yet a part of the answer: the connection stood and the server had begun to answer.
    Partial,
    /// The server says that it was spoken to without TLS on a port that wants it.
    WantsTls,
    /// A JSON-RPC error inside an HTTP success, with its code where it has one. The error text is then the body's.
    RpcError(Option<i64>),
}

/// A run of consecutive records of one input, with the texts they point at.
///
/// Its size is bounded by the reader's chunk, however many distinct texts an input holds.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The input that the records come from.
    pub input: InputId,
    /// What part of an attack the records are: their numbers are places among those of the share.
    pub share: Share,
    /// The records, in the order of the file.
    pub records: Vec<Record>,
    /// The distinct targets. Two entries may be equal: readers may keep different spellings apart.
    pub targets: Vec<Target>,
    /// The distinct errors. Two entries may be equal.
    pub errors: Vec<ErrorText>,
    /// What generators of this input told between the records, or beside them.
    pub notes: Vec<GeneratorNote>,
}

impl Batch {
    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.records.clear();
        self.targets.clear();
        self.errors.clear();
        self.notes.clear();
    }

    /// A record with the number that is written in its input, as every format has it.
    #[inline]
    #[must_use]
    pub fn as_written(&self, record: &Record) -> Record {
        Record { seq: self.share.number(record.seq), ..*record }
    }

    /// The target of one of this batch's records.
    ///
    /// # Panics
    /// If the record belongs to another batch.
    #[must_use]
    pub fn target(&self, record: &Record) -> &Target {
        &self.targets[record.target.0 as usize]
    }

    /// The error text of one of this batch's records.
    ///
    /// # Panics
    /// If the record belongs to another batch.
    #[must_use]
    pub fn error(&self, record: &Record) -> Option<&ErrorText> {
        record.error.map(|id| &self.errors[id.0 as usize])
    }
}
