//! Many runners before one coach: what daemons tell a board, whether directly or by way of a NATS server.

mod ask;
pub mod board;
pub mod computer;
pub mod feed;
#[cfg(feature = "team")]
pub mod nats;
mod numbers;
pub mod report;
pub mod settings;
pub mod spool;
mod teller;

pub use ask::{Ask, COACH_WORDS, Wanted, What};
pub use board::Board;
pub use report::{
    Acknowledgement, AlertReport, LegReport, Refused, Report, Said, SessionReport, StanceReport,
    StatusReport, Who,
};
pub use settings::{Nats, NatsError};
pub use spool::{Bounds, Spool, SpoolError, Stretch};
pub use teller::Teller;
