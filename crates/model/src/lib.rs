//! The vocabulary of Plimsoll: what a load generator recorded about one request, and the units it is told in.
//!
//! Every other crate speaks in these words. Nothing here reads, writes, prints or fails.

mod batch;
mod codes;
mod generator;
mod ledger;
mod money;
mod ports;
mod record;
mod secrets;
mod template;
mod units;

pub use batch::{Batch, BodySign, ErrorText, InputId, Share, Target};
pub use codes::{CodeSet, InvalidCodeRange};
pub use generator::{GeneratorNote, PlannedRate, Said};
pub use ledger::{Compression, Damage, Format, Ledger};
pub use money::{Hours, Money, Price, exact};
pub use ports::{PortBudget, Ports};
pub use record::{ErrorId, Record, TargetId};
pub use rust_decimal::Decimal;
pub use rust_decimal::prelude::ToPrimitive;
pub use secrets::{Secrets, is_credential_header, is_url_header, mask_text, mask_url};
pub use template::fold_error;
pub use units::{Nanos, Rate, Timestamp};
