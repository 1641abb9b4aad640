//! How many instances; METHODS.md §3.3.

use super::error::{Error, ErrorKind};
use super::inputs::{At, Fleet, Inputs, Pooling};

/// More than this is a mistake in the inputs.
const MOST_INSTANCES: u64 = 1_000_000_000;

/// How far a quotient may lie above a whole number and still be it, as a share of it (of 1 below that): floating point
/// makes 2.0000000000000004 of 238/(170·0.7), which is not to cost an instance. METHODS.md rounds to 12 decimals.
const SAME: f64 = 5e-13;

/// How a pool of instances is sized.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizing {
    /// Instances at full capacity that the peak keeps busy: the sum of peak rate over capacity.
    pub work: f64,
    /// Instances that carry it at the utilisation target.
    pub base: u64,
    /// Instances in each zone, before the least number of instances.
    pub per_zone: u64,
    /// All of them.
    pub instances: u64,
    /// What is certainly left when zones that may be lost and the spare instances are gone: an instance that not each zone has
    /// may be among the lost ones, and is not counted on. This is what [`size`] counts on, so that a pool takes more instances
    /// as soon as these are used beyond the target, and not before.
    pub survivors: u64,
}

impl Sizing {
    /// The share of capacity that the peak uses when all are up.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        self.work / self.instances as f64
    }

    /// The same when zones and spare instances are gone.
    #[must_use]
    pub fn worst_utilisation(&self) -> f64 {
        self.work / self.survivors as f64
    }

    /// By what factor the load may grow until the survivors are used to `utilisation`.
    #[must_use]
    pub fn growth_until(&self, utilisation: f64) -> f64 {
        self.survivors as f64 * utilisation / self.work
    }
}

/// The smallest whole number that is not below `value`, up to errors of floating point. `None` for what is none, negative or
/// above a billion.
#[must_use]
pub fn ceiling(value: f64) -> Option<u64> {
    let nearest = value.round();
    let whole =
        if (value - nearest).abs() <= SAME * value.abs().max(1.0) { nearest } else { value.ceil() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
    let fits = |whole: f64| (0.0..=MOST_INSTANCES as f64).contains(&whole).then_some(whole as u64);
    fits(whole)
}

/// Instances for the work, over zones and with spares:
/// `base = ceil(work/u)`, `per_zone = ceil((base + k)/(z - f))`, `instances = max(z * per_zone, min)`.
///
/// # Errors
/// A fleet that is out of range, or more instances than a billion.
pub fn size(fleet: &Fleet, work: f64) -> Result<Sizing, Error> {
    let zones = fleet.zones;
    let Some(left @ 1..) = zones.checked_sub(fleet.zone_failures) else {
        return Err(ErrorKind::OutOfRange("zone_failures").into());
    };
    // At least one instance, however little there is to do.
    let base = ceiling(work / fleet.utilisation_target).ok_or(ErrorKind::TooLarge)?.max(1);
    let needed = base.checked_add(fleet.spare_instances).ok_or(ErrorKind::TooLarge)?;
    let per_zone = needed.div_ceil(left);
    let instances = per_zone.checked_mul(zones).ok_or(ErrorKind::TooLarge)?;
    let instances = instances.max(fleet.min_instances);
    if instances > MOST_INSTANCES {
        return Err(ErrorKind::TooLarge.into());
    }
    let survivors = left * (instances / zones) - fleet.spare_instances;
    Ok(Sizing { work, base, per_zone, instances, survivors })
}

/// Instances that are shared by some chains.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// Whose it is, by their places in [`Inputs::chains`].
    pub chains: Vec<usize>,
    /// The work of each of them, in the same order.
    pub works: Vec<f64>,
    /// How it is sized.
    pub sizing: Sizing,
}

/// The pools at one of the capacities, or `None` where that is open.
///
/// # Errors
/// As [`size`].
pub(super) fn pools(inputs: &Inputs, at: At) -> Result<Option<Vec<Pool>>, Error> {
    let fleet = &inputs.fleet;
    let mut works = Vec::new();
    for chain in &inputs.chains {
        let Some(capacity) = chain.capacity.at(at) else { return Ok(None) };
        works.push(chain.target.per_second() * fleet.peak_factor / capacity.per_second());
    }
    let all: Vec<usize> = (0..works.len()).collect();
    let members: Vec<&[usize]> = match fleet.pooling {
        Pooling::Shared => vec![&all],
        Pooling::PerChain => all.chunks(1).collect(),
    };
    let pool = |chains: &[usize]| {
        let works: Vec<f64> = chains.iter().map(|&chain| works[chain]).collect();
        let sizing = size(fleet, works.iter().sum())?;
        Ok(Pool { chains: chains.to_vec(), works, sizing })
    };
    members.into_iter().map(pool).collect::<Result<Vec<Pool>, Error>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ceiling_survives_floating_point() {
        // METHODS.md §3.3.
        let quotient = 238.0 / (170.0 * 0.7);
        assert!(quotient > 2.0);
        assert_eq!(ceiling(quotient), Some(2));
        // Exact quotients of decimals whose binary ones are a little above, or below.
        for (work, target, expected) in
            [(0.7, 0.1, 7), (2.1, 0.7, 3), (0.3, 0.1, 3), (4.2, 0.6, 7), (70_000.7, 0.1, 700_007)]
        {
            assert_eq!(ceiling(work / target), Some(expected), "{work}/{target}");
        }
        assert_eq!(ceiling(2.000_000_1), Some(3));
        assert_eq!(ceiling(0.0), Some(0));
        for none in [f64::NAN, -1.0, f64::INFINITY, 2e9] {
            assert_eq!(ceiling(none), None, "{none}");
        }
    }

    #[test]
    fn the_least_number_of_instances_is_spread_over_the_zones() {
        let fleet = Fleet {
            zones: 3,
            zone_failures: 2,
            min_instances: 4,
            spare_instances: 0,
            ..Fleet::default()
        };
        let sizing = size(&fleet, 0.5).unwrap();
        // 2, 1 and 1: of which one of the last is left.
        assert_eq!((sizing.per_zone, sizing.instances, sizing.survivors), (1, 4, 1));
        // 4, 4 and 3: three in either zone that is left are counted on, as a seventh would have four in each.
        let fleet = Fleet { zone_failures: 1, min_instances: 11, ..fleet };
        let sizing = size(&fleet, 4.0).unwrap();
        assert_eq!((sizing.per_zone, sizing.instances, sizing.survivors), (3, 11, 6));
        assert_eq!(size(&fleet, 4.2).unwrap().instances, 11);
        assert_eq!(size(&fleet, 4.3).unwrap().instances, 12);
    }
}
