//! Windows of time put together to blocks, by which bursts are seen.

/// How many blocks a run is cut into, at least, where it has as many windows.
///
/// Between 10 and 30 batches serve a batch-means estimate of a variance: B. Schmeiser, "Batch size effects in the analysis of
/// simulation output", Operations Research 30 (1982), 556-568. Few and long ones see bursts whole.
const BLOCKS: usize = 12;

/// How many windows make a block.
#[must_use]
pub fn length_of_blocks(windows: usize) -> usize {
    (windows / BLOCKS).max(1)
}

/// (successes, requests) of each so many windows in a row. What is left at the end is added to the last block.
#[must_use]
pub fn in_blocks(windows: &[(u64, u64)], length: usize) -> Vec<(u64, u64)> {
    let sum = |part: &[(u64, u64)]| {
        part.iter().fold((0, 0), |sum, window| (sum.0 + window.0, sum.1 + window.1))
    };
    let length = length.max(1);
    let whole = (windows.len() / length).max(1) * length;
    let (whole, rest) = windows.split_at(whole.min(windows.len()));
    let mut blocks: Vec<(u64, u64)> = whole.chunks(length).map(sum).collect();
    if let Some(last) = blocks.last_mut() {
        *last = sum(&[*last, sum(rest)]);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_out() {
        let windows: Vec<(u64, u64)> = (1..=29).map(|n| (n, 2 * n)).collect();
        let length = length_of_blocks(windows.len());
        assert_eq!(length, 2);
        let blocks = in_blocks(&windows, length);
        assert_eq!(blocks.len(), 14);
        assert_eq!(blocks[0], (3, 6));
        assert_eq!(blocks[13], (27 + 28 + 29, 2 * (27 + 28 + 29)));
        assert_eq!(in_blocks(&[], 3), []);
        assert_eq!(in_blocks(&[(1, 2), (3, 4)], 9), [(4, 6)]);
    }
}
