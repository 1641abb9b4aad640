use std::io;
use std::os::fd::OwnedFd;

use plimsoll_model::{Nanos, Timestamp};
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The attack's time: nanoseconds since its start, steady whatever happens to the machine's date.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: u64,
    /// The date of the start.
    date: Timestamp,
}

impl Clock {
    /// Starts now, or at a date to come.
    pub(super) fn start(at: Option<Timestamp>) -> Self {
        let (steady, now) = (nanos(ClockId::Monotonic), nanos(ClockId::Realtime));
        let now = Timestamp(i64::try_from(now).unwrap_or(i64::MAX));
        let date = at.filter(|at| *at > now).unwrap_or(now);
        Self { start: steady.saturating_add(date.since(now).0), date }
    }

    /// Zero before the start.
    pub(super) fn now(&self) -> Nanos {
        Nanos(nanos(ClockId::Monotonic).saturating_sub(self.start))
    }

    /// The start on the steady clock itself.
    pub(super) fn monotonic(&self) -> Nanos {
        Nanos(self.start)
    }

    pub(super) fn date(&self) -> Timestamp {
        self.date
    }
}

fn nanos(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
        + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Wakes a task at a moment of a [`Clock`], to some ten microseconds: the runtime's own timers count in milliseconds, and
/// those of `epoll_wait` may be late by the kernel's slack.
pub(super) struct Timer {
    clock: Clock,
    fd: AsyncFd<OwnedFd>,
}

impl Timer {
    pub(super) fn new(clock: Clock) -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        #[expect(
            deprecated,
            reason = "what replaces it is unsafe; an owned descriptor is what it says"
        )]
        let fd = AsyncFd::with_interest(fd, Interest::READABLE)?;
        Ok(Self { clock, fd })
    }

    /// Sleeps until the start, but no longer than so long; says whether the start has come.
    pub(super) async fn sleep_until_start(&self, longest: Nanos) -> io::Result<bool> {
        let now = nanos(ClockId::Monotonic);
        if now < self.clock.start {
            self.sleep(self.clock.start.min(now.saturating_add(longest.0))).await?;
        }
        Ok(nanos(ClockId::Monotonic) >= self.clock.start)
    }

    pub(super) async fn sleep_until(&self, at: Nanos) -> io::Result<()> {
        self.sleep(self.clock.start.saturating_add(at.0)).await
    }

    async fn sleep(&self, at: u64) -> io::Result<()> {
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        #[expect(clippy::cast_possible_wrap, reason = "far below 2^63")]
        let value =
            Timespec { tv_sec: (at / 1_000_000_000) as i64, tv_nsec: (at % 1_000_000_000) as _ };
        // Setting it forgets an expiry before, so that it need not be read.
        let setting = Itimerspec { it_interval: zero, it_value: value };
        timerfd_settime(&self.fd, TimerfdTimerFlags::ABSTIME, &setting)?;
        self.fd.readable().await?.clear_ready();
        Ok(())
    }
}
