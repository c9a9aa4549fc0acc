//! What is measured of a life: figures of each run, and over runs their estimates with intervals. `tally.rs` counts what
//! an observer is told, `figures.rs` names what is reported, `estimate.rs` puts an interval to it, `report.rs` holds all
//! of it together, `dump.rs` writes every contact down.
mod dump;
mod estimate;
mod figures;
mod report;
mod staff;
mod tally;

pub use dump::{Dump, HEADER};
pub use estimate::{Estimate, Pair, difference, estimate, quantile_t};
pub(crate) use figures::Counts;
pub use figures::{Figures, WAIT_QUANTILES};
pub use report::{AgentFigures, Estimates, GroupFigures, LEVEL, Named, Report};
pub(crate) use staff::StaffFigures;
pub(crate) use tally::{Class, Frame};
pub use tally::{Run, Tally};
