//! May this build ship? A candidate's figures against a baseline's and against absolute goals.

pub mod blocks;
pub mod clustering;
pub mod fisher;
pub mod multiplicity;
pub mod sample_size;
pub mod success;
pub mod two_proportions;
