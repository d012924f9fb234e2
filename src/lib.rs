//! Says during the run when a hip lets the femur fall in (adduction) or turn in (medial rotation)
//! while the foot is loaded, from IMU sensors on thighs and shanks.
//!
//! ```text
//!  source ──Input──> pipeline::push ──Event──> record, serve, analyze
//!  (synthetic,         clock ─ fusion ─ segment ─ joint ┐
//!   recording)           └──── gait ────────────────────┴─ stance ─ flag ─ cue
//! ```
//!
//! Rooms in the order in which data flows; each imports only from rooms above it. The pure rooms
//! (`body` to `pipeline`) have no clock, no I/O, no async: same input, same bits.

// The vocabulary.
pub mod body;
pub mod event;
pub mod input;
pub mod units;

// Pure stages, in the order in which data flows.
pub mod clock;
pub mod filter;
pub mod fusion;
pub mod gait;
pub mod joint;
pub mod segment;
pub mod sensor;

pub mod flag;
pub mod health;
pub mod programme;

pub mod cue;
pub mod screen;

pub mod guide;
pub mod pipeline;

// The shell.
pub mod desk;
pub mod edge;
pub mod host_clock;
pub mod out;
pub mod record;
pub mod source;
pub mod store;
pub mod team;

pub mod export;
pub mod retry;
pub mod review;
pub mod serve;

pub mod analyze;
pub mod cli;
pub mod config;
pub mod live;
pub mod score;
pub mod simulate;
pub mod validate;

pub mod demo;
pub mod doctor;

pub mod app;
