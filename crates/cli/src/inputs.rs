//! Which inputs are read, and what their state makes of the exit code.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use plimsoll_model::Ledger;

use crate::exit::Outcome;
use crate::output;

/// The inputs as typed; without any, the standard input, unless somebody sits at it.
pub(crate) fn named(files: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    if !files.is_empty() {
        return Ok(files.to_vec());
    }
    anyhow::ensure!(
        !std::io::stdin().is_terminal(),
        "no input: name result files, or pipe results to the standard input"
    );
    Ok(vec![PathBuf::from("-")])
}

/// Why no record of an input was read.
pub(crate) fn nothing_read(ledger: &Ledger) -> String {
    let name = &ledger.name;
    match (&ledger.refused, ledger.damage.first()) {
        (Some(refused), _) => format!("{name}: {refused}"),
        (None, Some(damage)) => {
            format!("{name}: record {}, byte {}: {}", damage.record, damage.byte, damage.what)
        }
        (None, None) => format!("{name}: {}", ledger.notes.join("; ")),
    }
}

/// An input that is damaged, or was asked for and not read, gives no verdict, unless that is allowed. What was found in a
/// directory and is no result file is neither. `told` says where more is said.
pub(crate) fn outcome(ledgers: &[Ledger], allow_damaged: bool, told: &str) -> Outcome {
    let refused = ledgers.iter().filter(|ledger| ledger.named && ledger.refused.is_some()).count();
    let damaged =
        ledgers.iter().filter(|ledger| ledger.is_damaged() && ledger.refused.is_none()).count();
    let what = match (damaged, refused) {
        (0, 0) => return Outcome::Answered,
        _ if allow_damaged => return Outcome::Answered,
        (_, 0) => "damaged",
        (0, _) => "not read",
        (_, _) => "damaged or not read",
    };
    let count = damaged + refused;
    output::complain(&format!(
        "{count} of {} {} {} {what} ({told}): exit 3; --allow-damaged accepts that",
        ledgers.len(),
        if ledgers.len() == 1 { "input" } else { "inputs" },
        if count == 1 { "is" } else { "are" },
    ));
    Outcome::NoVerdict
}
