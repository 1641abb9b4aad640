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

/// `binom.confint` of the R package binom, as statsmodels carries it (`stats/tests/results/results_proportion.py`): successes,
/// trials, the ends of the exact interval and of Wilson's, at 95 %. From 1 of 30 on they are printed to eight digits.
#[test]
fn intervals_are_those_of_r() {
    const CASES: [(u64, u64, [f64; 2], [f64; 2]); 8] = [
        (
            18,
            20,
            [0.683_017_285_980_917_6, 0.987_651_472_829_705_2],
            [0.698_966_354_771_512_8, 0.972_133_518_786_232],
        ),
        (
            4,
            20,
            [0.057_333_997_050_032_84, 0.436_614_002_996_668],
            [0.080_657_662_579_798_1, 0.416_017_432_251_893_5],
        ),
        (
            4,
            200,
            [0.005_475_565_879_556_443, 0.050_413_609_089_896_34],
            [0.007_804_426_416_349_47, 0.050_287_086_905_826_43],
        ),
        (
            190,
            200,
            [0.909_972_462_298_648_6, 0.975_765_834_527_891],
            [0.910_421_851_861_224, 0.972_617_354_399_236],
        ),
        (1, 30, [8.435_709e-4, 0.172_169_46], [5.908_590e-3, 0.166_703_91]),
        (29, 30, [0.827_830_5, 0.999_156_4], [0.833_296_1, 0.994_091_4]),
        (0, 30, [0.0, 0.115_703_31], [0.0, 0.113_513_39]),
        (30, 30, [0.884_296_7, 1.0], [0.886_486_6, 1.0]),
    ];
    for (successes, trials, exact, wilson) in CASES {
        let precision = if trials == 30 { 1e-7 } else { 1e-9 };
        for (found, ends) in [
            (Proportion::clopper_pearson(successes, trials, 0.95), exact),
            (Proportion::wilson(successes, trials, 0.95), wilson),
        ] {
            let found = found.unwrap();
            let what = format!("{successes}/{trials}");
            assert_near(&what, found.low, ends[0], precision);
            assert_near(&what, found.high, ends[1], precision);
        }
    }
}

/// NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.4.1: 26 defective parts of 200 (of which the lower end of a one-sided
/// interval is told), and 4 of 20. It rounds z to 1.645, and
/// what it found by search differs from the exact end, 0.4010281 by rational arithmetic, in the sixth digit.
#[test]
fn intervals_are_the_handbooks() {
    let found = Proportion::wilson(26, 200, 0.90).unwrap();
    assert_near("Wilson", found.low, 0.095_77, 5e-6);
    let found = Proportion::clopper_pearson(4, 20, 0.90).unwrap();
    assert_near("low", found.low, 0.071_354, 5e-7);
    assert_near("high", found.high, 0.401_029, 1e-6);
}
