//! Platform services: time, randomness, connections and files. The domain gets the first two as arguments, so that
//! tests can fix them.

mod clock;
mod data_dir;
mod descriptors;
mod file_lock;
mod idle_timeout;
mod log_rate_limit;
mod memory_budget;
mod outage_log;
mod panics;
mod randomness;
mod shards;
mod temp_file;

pub use clock::{Clock, MonotonicClock, SKEW, SystemClock, TestClock};
pub use data_dir::{DataDirLock, LockError};
pub use descriptors::{cap_connections, raise_descriptor_limit};
pub use file_lock::FileLock;
pub use idle_timeout::{ConnectionActivity, IdleTimeoutStream};
pub use log_rate_limit::LogRateLimit;
pub use memory_budget::MemoryBudget;
pub use outage_log::OutageLog;
pub use panics::catch_panic;
pub use randomness::{OsRandomness, Randomness};
pub use shards::Shards;
pub use temp_file::{TempFile, link_or_copy, parent_dir, path_exists, replaced_path};
