//! A progress bar on the standard error, where reading takes more than a second and somebody watches.

use std::io::IsTerminal as _;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use plimsoll_ingest::{Progress, Source};

/// Reading that ends sooner than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);
const REFRESH: Duration = Duration::from_millis(100);

/// Runs `read` and shows meanwhile how far `progress` is.
pub(crate) fn watch<T>(sources: &[Source], progress: &Progress, read: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return read();
    }
    let total = sources.iter().map(Source::size).sum::<Option<u64>>();
    std::thread::scope(|scope| {
        let (done, wait) = mpsc::channel::<()>();
        let start = Instant::now();
        scope.spawn(move || {
            if wait.recv_timeout(PATIENCE) != Err(mpsc::RecvTimeoutError::Timeout) {
                return;
            }
            let bar = bar(total);
            while wait.recv_timeout(REFRESH) == Err(mpsc::RecvTimeoutError::Timeout) {
                bar.set_position(progress.bytes());
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a positive rate"
                )]
                let per_second = (progress.records() as f64 / start.elapsed().as_secs_f64()) as u64;
                bar.set_message(format!("{}/s", HumanCount(per_second)));
            }
            bar.finish_and_clear();
        });
        let result = read();
        drop(done);
        result
    })
}

fn bar(total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec}, records {msg}, {eta} to go",
        ),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} {bytes_per_sec}, records {msg}"),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
