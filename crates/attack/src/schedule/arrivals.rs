use super::ONE;

/// Exponentially distributed gaps with a mean of one request, in counts of [`ONE`].
///
/// The random numbers are `SplitMix64`'s: written down here, because a seed has to mean the same in every version and on
/// every host.
#[derive(Clone, Debug)]
pub(super) struct Exponential {
    state: u64,
}

impl Exponential {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        // 53 bits in (0, 1]: the logarithm is finite, at most 37.
        let uniform = ((bits >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 37 * 2^32"
        )]
        let gap = (-uniform.ln() * ONE as f64).round() as u64;
        gap
    }
}
