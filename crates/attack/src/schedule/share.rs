/// Every `of`-th request of a schedule, from the `index`-th on. All shares together are the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    index: u64,
    of: u64,
}

impl Share {
    /// All of it.
    pub const ALL: Self = Self { index: 0, of: 1 };

    /// `None` unless `index` is below `of`.
    #[must_use]
    pub fn new(index: u32, of: u32) -> Option<Self> {
        (index < of).then(|| Self { index: index.into(), of: of.into() })
    }

    /// The share's own part for one of several threads.
    #[must_use]
    pub fn split(self, index: u32, of: u32) -> Self {
        Self { index: self.index + self.of * u64::from(index), of: self.of * u64::from(of.max(1)) }
    }

    /// The first request.
    #[must_use]
    pub fn index(self) -> u64 {
        self.index
    }

    /// The distance to the next.
    #[must_use]
    pub fn step(self) -> u64 {
        self.of
    }
}
