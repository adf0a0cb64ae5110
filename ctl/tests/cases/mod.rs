//! One module per subject; `fake` is the daemon, `desk` its jobs, `program` runs the binary.

mod acting;
mod alert_test;
mod authority;
mod backtests;
mod config;
mod day;
mod desk;
mod diary;
mod doctor;
mod downloading;
mod fake;
mod importing;
mod jobs;
mod looking;
mod market_data;
mod program;
mod reference;
mod report;
mod results;
mod terminal;
mod tried;
mod trouble;
