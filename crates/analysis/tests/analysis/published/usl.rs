use plimsoll_analysis::capacity::usl::{Fit, Model, Point, fit};
use plimsoll_model::Rate;
use serde_json::Value;

use super::{assert_near, cases, number, numbers};

/// The gateway of Schwartz's book: the Cisco benchmark that usl4j's `ModelTest` carries.
const CISCO: [f64; 32] = [
    955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8, 7867.61,
    8278.71, 8646.7, 9047.84, 9426.55, 9645.37, 9897.24, 10097.6, 10240.5, 10532.39, 10798.52,
    11151.43, 11518.63, 11806.0, 12089.37, 12075.41, 12177.29, 12211.41, 12158.93, 12155.27,
    12118.04, 12140.4, 12074.39,
];

fn points(concurrencies: &[f64], throughputs: &[f64]) -> Vec<Point> {
    let point = |(&concurrency, &throughput)| Point { concurrency, throughput: Rate(throughput) };
    concurrencies.iter().zip(throughputs).map(point).collect()
}

fn of_case(case: &Value) -> (Vec<Point>, Fit) {
    let inputs = &case["inputs"];
    let points = points(&numbers(&inputs["x_concurrency"]), &numbers(&inputs["throughput"]));
    let found = fit(&points).expect("the case has a fit");
    (points, found)
}

/// The parameters, to what is published and to what another optimiser found.
fn check_parameters(case: &Value, found: &Fit) {
    let [sigma_error, kappa_error, lambda_error] = found.standard_errors;
    let tolerances = &case["tolerance"];
    for (key, other, value) in [
        ("sigma", "sigma", found.model.sigma),
        ("kappa", "kappa", found.model.kappa),
        ("lambda", "lam", found.model.lambda.per_second()),
        ("rse", "rse", found.residual_error),
    ] {
        let tolerance = number(&tolerances[key]["value"]);
        assert_near(key, value, number(&case["expected"][key]), tolerance);
        let recomputed = number(&case["verified_by"][other]);
        // Found with differences for derivatives; with exact ones SciPy 1.16 agrees to 1e-9.
        assert_near(key, value, recomputed, 1e-5 * recomputed);
    }
    let verified = &case["verified_by"];
    assert_eq!(found.freedom as u64, verified["df"].as_u64().expect("freedom is a count"));
    for (key, value) in
        [("se_sigma", sigma_error), ("se_kappa", kappa_error), ("se_lambda", lambda_error)]
    {
        let expected = number(&verified[key]);
        assert_near(key, value, expected, 1e-4 * expected);
    }
    let intervals = found.intervals(0.95).expect("0.95 is a level");
    for (key, interval) in ["sigma", "kappa", "lambda"].iter().zip(intervals) {
        let expected = numbers(&verified["ci95_t_df_n_minus_3"][key]);
        let tolerance = 1e-4 * (expected[1] - expected[0]);
        assert_near(key, interval.low, expected[0], tolerance);
        assert_near(key, interval.high, expected[1], tolerance);
    }
}

#[test]
fn specsdm91_has_a_peak() {
    let cases = cases(include_str!("../vectors/usl.json"));
    assert_eq!(cases.len(), 3);
    let case = &cases[0];
    let (points, found) = of_case(case);
    check_parameters(case, &found);
    let expected = &case["expected"];
    let peak = found.peak().unwrap();
    let n_max = number(&expected["n_max"]);
    assert_near("n_max", peak.concurrency, n_max, n_max * 1e-4);
    assert_near("x_max", peak.throughput.per_second(), number(&expected["x_max"]), 0.5);
    // The package divides rounded parameters: 1/σ, and λ/σ to seven digits of its own optimum.
    let limit = found.model.limit().unwrap().per_second();
    assert_near("limit", limit, number(&expected["amdahl_limit"]), 0.3);
    let optimal = found.model.optimal_concurrency().unwrap();
    assert_near("optimal_n", optimal, number(&expected["optimal_n"]), 1e-3);
    for (point, (fitted, efficiency)) in points
        .iter()
        .zip(numbers(&expected["fitted"]).into_iter().zip(numbers(&expected["efficiency"])))
    {
        let value = found.throughput_at_concurrency(point.concurrency).unwrap();
        assert_near("fitted", value.per_second(), fitted, 0.5);
        assert_near("efficiency", found.model.efficiency(point).unwrap(), efficiency, 1e-4);
    }
}

#[test]
fn raytracer_has_no_peak() {
    let cases = cases(include_str!("../vectors/usl.json"));
    let case = &cases[1];
    let (_, found) = of_case(case);
    check_parameters(case, &found);
    assert!(found.model.kappa <= 0.0 && found.peak().is_none() && found.model.peak().is_none());
    let expected = &case["expected"];
    let limit = found.model.limit().unwrap().per_second();
    assert_near("limit", limit, number(&expected["amdahl_limit"]), 0.5);
    let optimal = found.model.optimal_concurrency().unwrap();
    assert_near("optimal_n", optimal, number(&expected["optimal_n"]), 0.05);
    for (concurrency, throughput) in expected["predict"].as_object().unwrap() {
        let found = found.throughput_at_concurrency(concurrency.parse().unwrap()).unwrap();
        assert_near(concurrency, found.per_second(), number(throughput), 0.05);
    }
}

#[test]
fn littles_law_completes_a_measurement() {
    let cases = cases(include_str!("../vectors/usl.json"));
    let expected = &cases[2]["expected"];
    let (n, x, r) = (
        number(&expected["concurrency"]),
        number(&expected["throughput"]),
        number(&expected["latency_s"]),
    );
    for pair in cases[2]["inputs"]["pairs"].as_array().unwrap() {
        let of = |key: &str| pair[key].as_f64();
        let point = match (of("concurrency"), of("throughput"), of("latency_s")) {
            (Some(concurrency), None, Some(latency_s)) => {
                Point::of_concurrency(concurrency, latency_s).unwrap()
            }
            (None, Some(throughput), Some(latency_s)) => {
                Point::of_latency(Rate(throughput), latency_s)
            }
            (Some(concurrency), Some(throughput), None) => {
                Point { concurrency, throughput: Rate(throughput) }
            }
            other => panic!("no pair: {other:?}"),
        };
        assert_near("concurrency", point.concurrency, n, 1e-12);
        assert_near("throughput", point.throughput.per_second(), x, 1e-12);
        assert_near("latency", point.latency_s().unwrap(), r, 1e-12);
    }
}

/// Schwartz 2015, and usl4j @15ef46d `ModelTest`, with its tolerance of 0.02 % for the book's values.
#[test]
fn cisco_is_as_in_the_book() {
    let concurrencies: Vec<f64> = (1..=32).map(f64::from).collect();
    let found = fit(&points(&concurrencies, &CISCO)).unwrap();
    let near = |what: &str, found: f64, expected: f64| {
        assert_near(what, found, expected, expected * 2e-4);
    };
    near("sigma", found.model.sigma, 0.026_715_91);
    near("kappa", found.model.kappa, 7.690_945e-4);
    near("lambda", found.model.lambda.per_second(), 995.648_6);
    let peak = found.peak().unwrap();
    assert_near("n_max", peak.concurrency, 35.0, 0.6);
    near("x_max", peak.throughput.per_second(), 12_341.0);
    for (concurrency, throughput, latency_s) in [
        (1.0, 995.648_772_003_358, 0.001_004_398_498_292_362_3),
        (20.0, 11_063.633_137_626_028, 0.001_807_721_798_297_878_5),
        (35.0, 12_341.745_620_520_7, 0.002_835_913_548_601_778_4),
    ] {
        let model = found.model;
        let value = model.throughput_at_concurrency(concurrency).unwrap().per_second();
        assert_near("throughput", value, throughput, throughput * 1e-6);
        let value = model.latency_s_at_concurrency(concurrency).unwrap();
        // Its tolerance: R(1) is not 1/λ there to more digits.
        assert_near("latency", value, latency_s, 1e-5);
    }

    // Of the first ten points, the book's pages 30 and 31: the inverse that is right in usl4j too.
    let found = fit(&points(&concurrencies[..10], &CISCO[..10])).unwrap();
    for (latency_s, concurrency) in [
        (0.0012, 7.230_628_979_597_649),
        (0.0016, 20.251_064_099_171_21),
        (0.002, 29.888_882_633_013_246),
    ] {
        let value = found.model.concurrency_at_latency_s(latency_s).unwrap();
        assert_near("concurrency", value, concurrency, concurrency * 1e-5);
    }
}

/// The traps: what usl-rs and usl4j print for these is not what their own equation says.
#[test]
fn published_inverses_are_not_repeated() {
    let concurrencies: Vec<f64> = (1..=32).map(f64::from).collect();
    let model = fit(&points(&concurrencies, &CISCO)).unwrap().model;
    let concurrency = model.concurrency_at_latency_s(0.03).unwrap();
    let throughput = model.throughput_at_latency_s(0.03).unwrap();
    assert_near("N(30 ms)", concurrency, 177.70, 0.01);
    assert_near("X(30 ms)", throughput.per_second(), 5_923.3, 0.1);
    // usl4j has 15.35 here, without κ.
    let concurrency = model.concurrency_at_throughput(Rate(11_048.0)).unwrap();
    let back = model.throughput_at_concurrency(concurrency).unwrap();
    assert_near("X(N(X))", back.per_second(), 11_048.0, 1e-6);
    assert!(concurrency > 19.0);
}

/// What the tests of the R package usl print for other coefficients: `tests/peak-scalability.Rout.save` (to two digits) and
/// `tests/limit-scalability.Rout.save` (to 0.01 %).
#[test]
fn other_coefficients_are_as_in_r() {
    let cases = cases(include_str!("../vectors/usl.json"));
    let (_, found) = of_case(&cases[0]);
    let other = Model { sigma: 0.001, kappa: 0.000_01, ..found.model };
    assert_near("peak", other.peak().unwrap().concurrency, 320.0, 5.0);
    let limit = other.limit().unwrap().per_second();
    assert_near("limit", limit, 89_995.23, 89_995.23 * 1e-4);
}
