use plimsoll_analysis::capacity::design_effect::{DesignEffect, effective_samples_ar1};

use super::{assert_near, cases, number, numbers};

#[test]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they are counts")]
fn effective_samples_are_those_of_the_collection() {
    let cases = cases(include_str!("../vectors/autocorrelation.json"));
    assert_eq!(cases.len(), 2);
    let (ar1, blocks) = (&cases[0], &cases[1]);
    let (samples, phi) = (number(&ar1["inputs"]["n"]), number(&ar1["inputs"]["phi"]));
    let found = effective_samples_ar1(samples, phi).unwrap();
    assert_near("n_eff", found, number(&ar1["expected"]["n_eff"]), 1e-9);
    assert_near("inflation", samples / found, number(&ar1["expected"]["variance_inflation"]), 1e-9);

    let of = |key: &str| numbers(&blocks["inputs"][key]);
    let pairs: Vec<(u64, u64)> = of("block_success")
        .into_iter()
        .zip(of("block_total"))
        .map(|(successes, requests)| (successes as u64, requests as u64))
        .collect();
    let found = DesignEffect::of_blocks(&pairs).unwrap();
    for (key, value) in [
        ("p", found.ratio),
        ("var_block", found.variance_blocks),
        ("var_binomial", found.variance_binomial),
        ("design_effect", found.design_effect),
        ("n_eff", found.effective_samples),
    ] {
        let expected = number(&blocks["expected"][key]);
        assert_near(key, value, expected, expected * 1e-9);
    }
}
