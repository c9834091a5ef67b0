//! How whoever runs code gets at the world.

use std::convert::Infallible;

use ecology_world::World;

use super::cache::Cache;

/// Lets code look at the world: at once where the world is, or by way of the thread that owns it.
///
/// Between two looks the world may have moved on. What a look takes in and gives back is therefore its own, nothing borrowed.
pub(super) trait Desk {
    /// Why there is no world to look at any more.
    type Closed;

    /// Has a look.
    ///
    /// # Errors
    /// When whoever owns the world has gone.
    fn look<R: Send + 'static>(
        &mut self,
        look: impl FnOnce(&World, &mut Cache) -> R + Send + 'static,
    ) -> Result<R, Self::Closed>;
}

/// On the thread that owns the world, which stands still meanwhile.
pub(super) struct Here<'a> {
    pub(super) world: &'a World,
    pub(super) cache: &'a mut Cache,
}

impl Desk for Here<'_> {
    type Closed = Infallible;

    fn look<R: Send + 'static>(
        &mut self,
        look: impl FnOnce(&World, &mut Cache) -> R + Send + 'static,
    ) -> Result<R, Infallible> {
        Ok(look(self.world, self.cache))
    }
}
