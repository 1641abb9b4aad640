//! Which part of the schedule is this host's, as those say who started it.

use anyhow::Context as _;
use plimsoll_attack::schedule::Share;

use super::values::ShardSpec;

/// Who numbers its jobs: the variable with the number, the first number, and the variable with how many there are.
const NUMBERINGS: [(&str, First, Option<&str>); 5] = [
    // Kubernetes, an indexed job.
    ("JOB_COMPLETION_INDEX", First::Number(0), None),
    (
        "SLURM_ARRAY_TASK_ID",
        First::Variable("SLURM_ARRAY_TASK_MIN"),
        Some("SLURM_ARRAY_TASK_COUNT"),
    ),
    ("AWS_BATCH_JOB_ARRAY_INDEX", First::Number(0), None),
    // GitLab.
    ("CI_NODE_INDEX", First::Number(1), Some("CI_NODE_TOTAL")),
    ("BUILDKITE_PARALLEL_JOB", First::Number(0), Some("BUILDKITE_PARALLEL_JOB_COUNT")),
];

#[derive(Clone, Copy)]
enum First {
    Number(u32),
    Variable(&'static str),
}

/// The share that was asked for.
pub(super) fn share(
    spec: Option<ShardSpec>,
    variable: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Share> {
    let of = match spec {
        None => return Ok(Share::ALL),
        Some(ShardSpec::Share(share)) => return Ok(share),
        Some(ShardSpec::Auto(of)) => of,
    };
    let number = |name: &str| {
        let text = variable(name)?;
        Some(text.parse::<u32>().with_context(|| format!("{name}={text}: expected a number")))
    };
    for (name, first, count) in NUMBERINGS {
        let Some(index) = number(name) else { continue };
        let first = match first {
            First::Number(first) => first,
            First::Variable(name) => number(name).transpose()?.unwrap_or(0),
        };
        let of = match of {
            Some(of) => of,
            None => count.and_then(number).with_context(|| {
                format!("--shard auto: {name} does not say of how many: --shard auto/N does")
            })??,
        };
        let index = index?;
        let share = index.checked_sub(first).and_then(|index| Share::new(index, of));
        return share
            .with_context(|| format!("--shard auto: {name}={index} is none of {of} parts"));
    }
    let names = NUMBERINGS.map(|(name, ..)| name).join(", ");
    anyhow::bail!("--shard auto: none of {names} is set: --shard I/N says it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(of: Option<u32>, variables: &[(&str, &str)]) -> Option<Share> {
        let variable = |name: &str| {
            let known = variables.iter().find(|(known, _)| *known == name);
            known.map(|(_, value)| (*value).to_owned())
        };
        share(Some(ShardSpec::Auto(of)), variable).ok()
    }

    #[test]
    fn each_scheduler_numbers_its_own_way() {
        let second = Share::new(1, 4);
        assert_eq!(found(Some(4), &[("JOB_COMPLETION_INDEX", "1")]), second);
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "11"),
            ("SLURM_ARRAY_TASK_MIN", "10"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
        ];
        assert_eq!(found(None, &slurm), second);
        assert_eq!(found(None, &[("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "4")]), second);
        assert_eq!(found(None, &[("JOB_COMPLETION_INDEX", "1")]), None);
        assert_eq!(found(Some(4), &[("JOB_COMPLETION_INDEX", "4")]), None);
        assert_eq!(found(Some(4), &[]), None);
    }
}
