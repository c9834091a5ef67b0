//! The tests of the crate as its users see it. The binary counts its own memory.

mod cgroups;
mod children;
mod laps;
mod memory;
mod totals;

use ecology_metering::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();
