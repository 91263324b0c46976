/// Number of shards: far more than there are cores that use the same one at the same moment.
const SHARD_COUNT: usize = 16;

/// A value split into shards, selected by a byte of a key. A lock or a counter that every core writes to makes each of
/// them wait for its cache line; shards have cache lines of their own.
#[derive(Default)]
pub struct Shards<T>([CachePadded<T>; SHARD_COUNT]);

/// A value aligned to two cache lines: its own, and the adjacent one that processors prefetch with it.
#[derive(Default)]
#[repr(align(128))]
struct CachePadded<T>(T);

impl<T> Shards<T> {
    /// Returns the shard for keys with this byte, which should be uniformly distributed.
    pub fn shard(&self, byte: u8) -> &T {
        &self.0[usize::from(byte) % SHARD_COUNT].0
    }

    /// Returns all shards.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|part| &part.0)
    }
}
