//! The machine's clocks.
use crate::consensus::clock::{Clocks, Now};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The monotonic clock from the moment this was made, and UTC.
pub struct MachineClocks {
    began: Instant,
}

impl Default for MachineClocks {
    fn default() -> Self {
        Self { began: Instant::now() }
    }
}

impl Clocks for MachineClocks {
    fn now(&self) -> Now {
        // A clock before 1970 reads as 1970: log time never goes back anyway.
        let utc = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { monotonic_us: self.began.elapsed().as_micros() as u64, utc_us: utc.as_micros() as u64 }
    }
}
