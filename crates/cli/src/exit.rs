//! What the process ends with. Scripts lean on these numbers.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | answered; of `gate`: passed |
//! | 1 | the answer is no: `gate` failed |
//! | 2 | could not answer: usage, unreadable input, I/O |
//! | 3 | no verdict: an input is damaged and `--allow-damaged` was not given, a measurement cannot size a fleet, or a gate is inconclusive |
//! | 130 | interrupted |
//!
//! A closed pipe is 0: whoever closed it had read enough.

use std::io;
use std::process::ExitCode;

use plimsoll_render::visible;

/// How a verb ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered,
    No,
    NoVerdict,
    Interrupted,
}

/// The exit code of a result, after telling an error on the standard error.
pub(crate) fn report(result: anyhow::Result<Outcome>) -> ExitCode {
    match result {
        Ok(Outcome::Answered) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Ok(Outcome::NoVerdict) => ExitCode::from(3),
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => match error.downcast::<clap::Error>() {
            Ok(error) => {
                // Help and version are answers, and clap writes them to the standard output.
                let _ = error.print();
                ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
            }
            Err(error) => {
                crate::output::complain(&format!("error: {}", visible(&format!("{error:#}"))));
                ExitCode::from(2)
            }
        },
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
