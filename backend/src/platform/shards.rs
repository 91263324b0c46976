/// How many parts there are: far more than cores that meet in one at the same moment.
const SHARD_COUNT: usize = 16;

/// Something in several parts, each found by a byte of a key. A lock or a count that every core writes to makes each of
/// them wait until the others' caches have let go of it; parts lie on cache lines of their own.
#[derive(Default)]
pub struct Shards<T>([CachePadded<T>; SHARD_COUNT]);

/// On its own cache line, and on the one beside it that processors fetch with it.
#[derive(Default)]
#[repr(align(128))]
struct CachePadded<T>(T);

impl<T> Shards<T> {
    /// The part for keys with this byte, which should be as good as random.
    pub fn shard(&self, byte: u8) -> &T {
        &self.0[usize::from(byte) % SHARD_COUNT].0
    }

    /// All parts.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|part| &part.0)
    }
}
