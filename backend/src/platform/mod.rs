//! What the machine gives: the time, randomness, connections and a folder. The first two reach the domain as arguments, so that tests can hold them still.

mod attended;
mod clock;
mod descriptors;
mod draft;
mod folder;
mod hold;
mod panics;
mod randomness;
mod room;
mod seldom;
mod shards;
mod trouble;

pub use attended::{Attended, Calls};
pub use clock::{Clock, SKEW, Steady, SystemClock, TestClock};
pub use descriptors::{connections_below, raise_descriptors};
pub use draft::{Draft, aside, folder_of, is_there, keep_second_name};
pub use folder::{Folder, FolderError};
pub use hold::Hold;
pub use panics::unless_it_panics;
pub use randomness::{OsRandomness, Randomness};
pub use room::Room;
pub use seldom::Seldom;
pub use shards::Shards;
pub use trouble::Trouble;
