use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

use super::{assert_near, cases, count, number};

/// Java's and C's base64 of compressed V2, as another implementation wrote it.
#[test]
fn a_histogram_of_another_implementation_is_read() {
    let cases = cases(include_str!("../vectors/hdr.json"));
    assert_eq!(cases.len(), 3);
    let case = cases.iter().find(|case| case["name"] == "v2-compressed-standard").unwrap();
    let expected = &case["expected"];
    let bytes = STANDARD.decode(case["inputs"]["base64"].as_str().unwrap()).unwrap();
    assert_eq!(
        format!("{:#x}", u32::from_be_bytes(bytes[..4].try_into().unwrap())),
        expected["cookie_hex"]
    );
    // The C library of the time counted the 40 bytes of the header in the length of the counts, which hdrhistogram takes at
    // its word; readers have to hold it to what is there.
    let mut inner = Vec::new();
    ZlibDecoder::new(&bytes[8..]).read_to_end(&mut inner).unwrap();
    let cookie = u32::from_be_bytes(inner[..4].try_into().unwrap());
    assert_eq!(format!("{cookie:#x}"), expected["inner_cookie_hex"]);
    assert!(Deserializer::new().deserialize::<u64, _>(&mut &bytes[..]).is_err());
    let counts = u32::try_from(inner.len() - 40).unwrap();
    inner[4..8].copy_from_slice(&counts.to_be_bytes());
    let found: Histogram<u64> = Deserializer::new().deserialize(&mut &inner[..]).unwrap();
    assert_eq!(found.len(), count(&expected["total_count"]));
    assert_eq!(found.min(), count(&expected["min"]));
    assert_eq!(found.max(), count(&expected["max"]));
    assert_eq!(u64::from(found.sigfig()), count(&expected["sig_figs"]));
    assert_eq!(
        (found.low(), found.high()),
        (count(&expected["lowest"]), count(&expected["highest"]))
    );
    assert_near("mean", found.mean(), number(&expected["mean"]), 1e-12 * found.mean());
    for (percentile, value) in expected["percentiles"].as_object().unwrap() {
        let found = found.value_at_percentile(percentile.parse().unwrap());
        assert!(found.abs_diff(count(value)) * 1_000 <= count(value), "{percentile}: {found}");
    }
}

#[test]
fn equivalent_values_are_javas() {
    let cases = cases(include_str!("../vectors/hdr.json"));
    let case = cases.iter().find(|case| case["name"] == "equivalence-3sf").unwrap();
    let inputs = &case["inputs"];
    let sig = u8::try_from(count(&inputs["sig"])).unwrap();
    let histogram =
        Histogram::<u64>::new_with_bounds(count(&inputs["lowest"]), count(&inputs["highest"]), sig)
            .unwrap();
    let found: Vec<u64> = inputs["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| histogram.highest_equivalent(count(value)))
        .collect();
    assert_eq!(serde_json::json!(found), case["expected"]["highest_equivalent"]);
}
