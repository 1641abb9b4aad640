use super::failure::Failure;
use super::gunzip::Gunzip;

/// An answer as far as it has come. Used again and again, so that its memory is.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) code: u16,
    /// The status with its reason, as in `503 Service Unavailable`.
    pub(super) status: String,
    /// `Name: value` lines.
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
    /// Whether the head is complete.
    pub(super) begun: bool,
    pub(super) location: Option<String>,
    /// Whether the first `Content-Encoding` is gzip.
    is_gzip: Option<bool>,
    /// Takes the body apart where that is gzip.
    gunzip: Option<Box<Gunzip>>,
}

/// What is kept by an answer that waits for its next use.
const KEPT: usize = 64 << 10;

impl Answer {
    pub(super) fn clear(&mut self) {
        self.code = 0;
        self.status.clear();
        self.head.clear();
        self.body.clear();
        self.begun = false;
        self.location = None;
        self.is_gzip = None;
        self.gunzip = None;
    }

    /// Empties it, and lets go of what only a large answer took.
    pub(super) fn shrink(&mut self) {
        self.clear();
        self.head.shrink_to(KEPT);
        self.body.shrink_to(KEPT);
    }

    /// Keeps a header under the name that Go would give it: `Content-Type` for `content-type`.
    pub(super) fn header(&mut self, name: &str, value: &[u8]) {
        // A name with a space in it is kept as it is, also by Go.
        let mut begins = true;
        let is_odd = name.contains(' ');
        self.head.extend(name.bytes().map(|byte| {
            let upper = std::mem::replace(&mut begins, byte == b'-');
            if is_odd {
                byte
            } else if upper {
                byte.to_ascii_uppercase()
            } else {
                byte.to_ascii_lowercase()
            }
        }));
        self.head.extend_from_slice(b": ");
        self.head.extend_from_slice(value);
        self.head.push(b'\n');
        if self.location.is_none() && name.eq_ignore_ascii_case("location") {
            self.location = Some(String::from_utf8_lossy(value).into_owned());
        }
        if self.is_gzip.is_none() && name.eq_ignore_ascii_case("content-encoding") {
            self.is_gzip = Some(value.eq_ignore_ascii_case(b"gzip"));
        }
    }

    /// Lets go of a header, whose name is written as Go does.
    pub(super) fn remove(&mut self, name: &str) {
        let is_other = |line: &&[u8]| {
            line.strip_prefix(name.as_bytes()).is_none_or(|rest| !rest.starts_with(b":"))
        };
        let lines = self.head.split_inclusive(|byte| *byte == b'\n');
        self.head = lines.filter(is_other).flatten().copied().collect();
    }

    /// Where a body follows that is gzip since that was asked for, what it says is kept, and not how it said so.
    pub(super) fn unpack(&mut self) {
        if self.is_gzip == Some(true) {
            self.remove("Content-Encoding");
            self.remove("Content-Length");
            self.gunzip = Some(Box::new(Gunzip::new()));
        }
    }

    /// Takes more of the body, and keeps of it what fits.
    pub(super) fn take(&mut self, bytes: &[u8], max_body: u64) -> Result<(), Failure> {
        let Self { gunzip, body, .. } = self;
        let Some(gunzip) = gunzip else {
            keep(body, bytes, max_body);
            return Ok(());
        };
        gunzip.feed(bytes, |plain| keep(body, plain, max_body)).map_err(Failure::new)
    }

    /// The body is over.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        self.gunzip.take().map_or(Ok(()), |gunzip| gunzip.end()).map_err(Failure::new)
    }
}

fn keep(body: &mut Vec<u8>, bytes: &[u8], max_body: u64) {
    let room = max_body.saturating_sub(body.len() as u64);
    let fits = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
    body.extend_from_slice(&bytes[..fits]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_large_answer_took_is_let_go() {
        let mut answer = Answer::default();
        answer.header("Large", &vec![b'x'; 1 << 20]);
        answer.take(&vec![b'x'; 1 << 20], u64::MAX).unwrap();
        answer.shrink();
        let kept = (answer.head.capacity(), answer.body.capacity());
        assert!(kept.0 <= KEPT && kept.1 <= KEPT, "{kept:?}");
    }
}
