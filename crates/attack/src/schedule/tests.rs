use proptest::prelude::*;

use super::*;

const SECOND: Nanos = Nanos(1_000_000_000);

fn per_second(rate: u64) -> Frequency {
    Frequency::new(rate, SECOND).unwrap()
}

fn times(schedule: &Schedule, share: Share) -> Vec<Due> {
    schedule.due(share).take(50_000).collect()
}

#[test]
fn a_rate_does_not_drift() {
    let third = Frequency::new(3, SECOND).unwrap();
    let schedule = Schedule::new(Profile::constant(third, None), Arrivals::Uniform);
    let late = Share::new(999_999, 1_000_000).unwrap();
    // The 3 * 10^6-th request, a million seconds in, to the nanosecond.
    let due: Vec<Due> = schedule.due(late).take(3).collect();
    assert_eq!(due[2], Due { at: Nanos(999_999_666_666_666), seq: 2_999_999 });
}

#[test]
fn half_an_hour_at_500_per_second_is_990_000_requests() {
    let span = Nanos(33 * 60 * SECOND.0);
    let schedule = Schedule::new(Profile::constant(per_second(500), Some(span)), Arrivals::Uniform);
    assert_eq!(schedule.count(), Some(990_000));
    let last = schedule.due(Share::ALL).last().unwrap();
    assert_eq!(last, Due { at: Nanos(span.0 - 2_000_000), seq: 989_999 });
}

#[test]
fn steps_are_held_one_after_another() {
    let steps = Steps {
        from: 100.0,
        to: 200.0,
        step: Step::Ratio(1.25),
        hold: SECOND,
        drain: Nanos(500_000_000),
    };
    let rates = |steps: &Steps| -> Vec<f64> {
        let profile = Profile::steps(steps).unwrap();
        profile.stages().iter().map(|stage| stage.from.per_second()).collect()
    };
    assert_eq!(rates(&steps), [100.0, 125.0, 156.25, 195.3125]);
    let profile = Profile::steps(&steps).unwrap();
    let schedule = Schedule::new(profile, Arrivals::Uniform);
    let due = times(&schedule, Share::ALL);
    assert_eq!(due[100].at, Nanos(1_500_000_000));
    assert_eq!(due[225].at, Nanos(3_000_000_000));
    let within =
        |from: u64, to: u64| due.iter().filter(|due| (from..to).contains(&due.at.0)).count();
    assert_eq!(within(0, 1_500_000_000), 100);
    assert_eq!(within(1_500_000_000, 3_000_000_000), 125);
    let increments = Steps { step: Step::Increment(50.0), ..steps };
    assert_eq!(Profile::steps(&increments).unwrap().stages().len(), 3);
    let down = Steps { from: 200.0, to: 100.0, ..steps };
    for step in [Step::Increment(50.0), Step::Increment(-50.0)] {
        assert_eq!(rates(&Steps { step, ..down }), [200.0, 150.0, 100.0], "{step:?}");
    }
    for step in [Step::Ratio(1.25), Step::Ratio(0.8)] {
        assert_eq!(rates(&Steps { step, ..down }), [200.0, 160.0, 128.0, 102.4], "{step:?}");
    }
    for step in [Step::Ratio(1.0), Step::Ratio(-1.0), Step::Increment(0.0)] {
        assert_eq!(Profile::steps(&Steps { step, ..down }), None, "{step:?}");
    }
    for step in [Step::Ratio(1.0), Step::Ratio(0.5), Step::Increment(0.0), Step::Ratio(f64::NAN)] {
        assert_eq!(Profile::steps(&Steps { step, ..steps }), None, "{step:?}");
    }
}

#[test]
fn a_ramp_sends_the_mean_of_its_ends() {
    let profile = Profile::ramp(per_second(100), per_second(300), Nanos(10 * SECOND.0));
    let schedule = Schedule::new(profile, Arrivals::Uniform);
    assert_eq!(schedule.count(), Some(2000));
    let due = times(&schedule, Share::ALL);
    assert_eq!(due.len(), 2000);
    // 100 t + 10 t²
    assert_eq!(due[1500].at.0 / 1_000_000, 8228);
    let schedule = Schedule::new(
        Profile::ramp(per_second(300), per_second(100), Nanos(10 * SECOND.0)),
        Arrivals::Uniform,
    );
    assert_eq!(times(&schedule, Share::ALL).len(), 2000);
}

#[test]
fn random_arrivals_have_the_rate_and_the_spread_of_a_poisson_process() {
    let profile = Profile::constant(per_second(1000), Some(Nanos(40 * SECOND.0)));
    let schedule = Schedule::new(profile, Arrivals::Poisson { seed: 1 });
    let due = times(&schedule, Share::ALL);
    assert!((due.len() as f64 - 40_000.0).abs() < 4.0 * 200.0, "{}", due.len());
    let gaps: Vec<f64> =
        due.windows(2).map(|pair| (pair[1].at.0 - pair[0].at.0) as f64 / 1e6).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    assert!((mean - 1.0).abs() < 0.03, "{mean}");
    assert!((variance - 1.0).abs() < 0.06, "{variance}");
    let other = Schedule { arrivals: Arrivals::Poisson { seed: 2 }, ..schedule.clone() };
    assert_ne!(times(&other, Share::ALL)[..10], due[..10]);
}

#[test]
fn chains_of_one_rate_do_not_fire_in_step() {
    let profile = Profile::constant(per_second(10), Some(SECOND));
    let second = Schedule::new(profile, Arrivals::Uniform).out_of_step(1, 4);
    assert_eq!(second.count(), Some(10));
    assert_eq!(times(&second, Share::ALL)[0].at, Nanos(25_000_000));
}

/// Schedules of every kind, short enough to be looked at whole.
fn schedules() -> impl Strategy<Value = Schedule> {
    let rate =
        (1_u64..5_000, 1_u64..5_000_000_000).prop_filter_map("a sane rate", |(count, per)| {
            Frequency::new(count, Nanos(per)).filter(|rate| rate.per_second() < 50_000.0)
        });
    let span = || (1_u64..5_000_000_000).prop_map(Nanos);
    let step = prop_oneof![
        (1.01..2.0).prop_map(Step::Ratio),
        (0.5..0.99).prop_map(Step::Ratio),
        (1.0..200.0).prop_map(Step::Increment),
        (-200.0..-1.0).prop_map(Step::Increment),
    ];
    let steps = (1.0..900.0, 0.3..3.0, step, span(), 0_u64..1_000_000_000).prop_filter_map(
        "steps that lead somewhere",
        |(from, times, step, hold, drain)| {
            Profile::steps(&Steps { from, to: from * times, step, hold, drain: Nanos(drain) })
        },
    );
    let profile = prop_oneof![
        (rate.clone(), span()).prop_map(|(rate, span)| Profile::constant(rate, Some(span))),
        (rate.clone(), rate, span()).prop_map(|(from, to, span)| Profile::ramp(from, to, span)),
        steps,
    ];
    let profile =
        profile.prop_filter("not too long", |profile| profile.total().unwrap() < 20_000 * ONE);
    let arrivals = prop_oneof![
        Just(Arrivals::Uniform),
        any::<u64>().prop_map(|seed| Arrivals::Poisson { seed })
    ];
    (profile, arrivals, 0_u32..4).prop_map(|(profile, arrivals, phase)| {
        Schedule::new(profile, arrivals).out_of_step(phase, 4)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever hosts and threads it is dealt out to: each request is in one part, with the time that it has in the whole.
    #[test]
    fn shares_partition_a_schedule(schedule in schedules(), of in 1_u32..40, threads in 1_u32..5) {
        let whole: Vec<Due> = schedule.due(Share::ALL).collect();
        let mut dealt = vec![0; whole.len()];
        for index in 0..of {
            let share = Share::new(index, of).unwrap();
            let mut host: Vec<Due> = Vec::new();
            for thread in 0..threads {
                let part: Vec<Due> = schedule.due(share.split(thread, threads)).collect();
                prop_assert!(part.is_sorted_by_key(|due| due.seq));
                prop_assert!(part.is_sorted_by_key(|due| due.at));
                for due in &part {
                    prop_assert_eq!(Some(due), whole.get(usize::try_from(due.seq).unwrap()));
                    dealt[usize::try_from(due.seq).unwrap()] += 1;
                }
                host.extend(part);
            }
            host.sort_unstable_by_key(|due| due.seq);
            prop_assert_eq!(host, schedule.due(share).collect::<Vec<_>>());
        }
        prop_assert!(dealt.iter().all(|times| *times == 1));
        prop_assert_eq!(Share::new(of, of), None);
    }

    #[test]
    fn due_times_go_up_and_end_in_time(schedule in schedules()) {
        let due: Vec<Due> = schedule.due(Share::ALL).collect();
        prop_assert!(due.is_sorted());
        prop_assert!(due.iter().zip(0..).all(|(due, seq)| due.seq == seq));
        let end = schedule.profile().end().unwrap();
        prop_assert!(due.last().is_none_or(|last| last.at <= end));
        if let Some(count) = schedule.count() {
            prop_assert_eq!(count, due.len() as u64);
        }
    }
}
