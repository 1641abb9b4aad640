//! Distributions in HdrHistogram's own encoding.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

/// V2 with zlib, in base64, as the tools of every language read it.
///
/// The counts are kept, the distribution's own exact minimum and maximum are not: see the latencies for those.
pub(super) fn base64(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .expect("writing to memory fails only without any");
    STANDARD.encode(bytes)
}
