use plimsoll_analysis::Proportion;

use super::{assert_near, cases, count, number};

#[test]
fn intervals_are_newcombes() {
    let cases = cases(include_str!("../vectors/proportion_ci.json"));
    assert_eq!(cases.len(), 8);
    for case in cases {
        let inputs = &case["inputs"];
        let (successes, trials) = (count(&inputs["successes"]), count(&inputs["trials"]));
        let confidence = number(&inputs["confidence"]);
        // The quantile of the beta distribution is found by search.
        let (found, precision) = match inputs["method"].as_str() {
            Some("wilson") => (Proportion::wilson(successes, trials, confidence), 1e-12),
            Some("clopper_pearson") => {
                (Proportion::clopper_pearson(successes, trials, confidence), 1e-9)
            }
            other => panic!("no method {other:?}"),
        };
        let found = found.unwrap();
        for (end, value) in [("low", found.low), ("high", found.high)] {
            let what = format!("{} {end}", case["name"]);
            let tolerance = number(&case["tolerance"]["value"]);
            assert_near(&what, value, number(&case["expected"][end]), tolerance);
            assert_near(&what, value, number(&case["verified_by"][end]), precision);
        }
    }
}
