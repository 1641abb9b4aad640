use plimsoll_analysis::capacity::mlrsearch::{Goal, Trial, classify};
use plimsoll_model::Nanos;

use super::{assert_near, cases, count, number};

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a test")]
fn nanos(seconds: f64) -> Nanos {
    Nanos((seconds * 1e9) as u64)
}

#[test]
fn loads_are_classified_as_in_the_rfc() {
    let cases = cases(include_str!("../vectors/mlrsearch.json"));
    assert_eq!(cases.len(), 12);
    for case in cases {
        let (inputs, expected) = (&case["inputs"], &case["expected"]);
        let goal = Goal {
            final_trial_duration: nanos(number(&inputs["goal"]["final_trial_duration"])),
            duration_sum: nanos(number(&inputs["goal"]["duration_sum"])),
            loss_ratio: number(&inputs["goal"]["loss_ratio"]),
            exceed_ratio: number(&inputs["goal"]["exceed_ratio"]),
        };
        let mut trials = Vec::new();
        for group in inputs["trial_groups"].as_array().unwrap() {
            let duration = nanos(number(&group["duration_s"]));
            let trial = Trial { duration, loss_ratio: number(&group["loss_ratio"]) };
            trials.extend((0..count(&group["count"])).map(|_| trial));
        }
        let found = classify(&goal, &trials);
        let name = case["name"].to_string();
        assert_eq!(found.classification.name(), expected["classification"], "{name}");
        let ratios = [
            ("optimistic_exceed_ratio", found.optimistic_exceed_ratio),
            ("pessimistic_exceed_ratio", found.pessimistic_exceed_ratio),
        ];
        for (key, value) in ratios {
            assert_near(&format!("{name} {key}"), value, number(&expected[key]), 6e-6);
        }
        let sums = found.sums;
        let steps = [
            ("full_length_high_loss_s", sums.full_length_high_loss.as_secs_f64()),
            ("full_length_low_loss_s", sums.full_length_low_loss.as_secs_f64()),
            ("short_high_loss_s", sums.short_high_loss.as_secs_f64()),
            ("short_low_loss_s", sums.short_low_loss.as_secs_f64()),
            ("balancing_s", found.balancing_s),
            ("positive_excess_s", found.positive_excess_s),
            ("effective_high_loss_s", found.effective_high_loss_s),
            ("effective_full_s", found.effective_full_s),
            ("effective_whole_s", found.effective_whole_s),
            ("pessimistic_high_loss_s", found.pessimistic_high_loss_s),
            ratios[0],
            ratios[1],
        ];
        let intermediate = &expected["intermediate"];
        assert_eq!(intermediate.as_object().unwrap().len(), steps.len());
        for (key, value) in steps {
            assert_near(&format!("{name} {key}"), value, number(&intermediate[key]), 1e-9);
        }
    }
}
