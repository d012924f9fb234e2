//! Many runners before one coach: what daemons tell a board, whether directly or by way of a NATS server.

pub mod board;
mod numbers;
pub mod report;
pub mod spool;

pub use board::Board;
pub use report::{
    Acknowledgement, AlertReport, LegReport, Refused, Report, Said, SessionReport, StanceReport,
    StatusReport, Who,
};
pub use spool::{Bounds, Spool, SpoolError, Stretch};
