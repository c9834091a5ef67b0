//! Three tenants share one machine: shares become plans, one tenant sells memory to another while both run, and a request that takes too much
//! is flagged.
//!
//! Run with `cargo run -p ecology-container-limits --example share_a_machine`.

#![expect(clippy::print_stdout, reason = "an example prints what it shows")]

use ecology_container_limits::{
    Capacity, ConfigLimits, EnforceError, Limit, ResourceLimits, enforce_transfer,
};
use ecology_types::{Charges, Key, Resource, Span};

const MIB: u64 = 1 << 20;

fn main() -> Result<(), EnforceError> {
    // Two cores: two seconds of CPU time in every second.
    let machine = Charges::of(Resource::Cpu, 2_000_000)
        .with(Resource::Memory, 4096 * MIB)
        .with(Resource::Disk, 65_536 * MIB)
        .with(Resource::DiskWrites, 200 * MIB)
        .with(Resource::Bandwidth, 100 * MIB);
    let mut limits = ConfigLimits::new(Capacity { window: Span::from_secs(1), shares: machine, pids: 4_096 });

    let [ann, ben, eve] = [Key(12), Key(13), Key(14)];
    let shares = |cpu_us: u64, memory_mib: u64| {
        Charges::of(Resource::Cpu, cpu_us)
            .with(Resource::Memory, memory_mib * MIB)
            .with(Resource::Disk, 1024 * MIB)
    };
    for (tenant, share) in
        [(ann, shares(1_000_000, 2048)), (ben, shares(500_000, 1024)), (eve, shares(500_000, 1024))]
    {
        let plan = limits.plan(&share);
        limits.enforce(tenant, &plan)?;
        println!("tenant {}: {plan:?}", tenant.0);
    }
    println!("{} bytes of memory are free", limits.free(Limit::Memory));

    let request = Charges::of(Resource::Memory, 1500 * MIB);
    println!("1500 MiB by tenant 13: {}", limits.admit(ben, &request));
    let (seller, buyer) = (limits.plan(&shares(1_000_000, 1536)), limits.plan(&shares(500_000, 1536)));
    enforce_transfer(&mut limits, (ann, &seller), (ben, &buyer))?;
    println!("1500 MiB by tenant 13, after it bought 512 MiB: {}", limits.admit(ben, &request));
    if let Err(error) = limits.enforce(eve, &limits.plan(&shares(500_000, 2048))) {
        println!("tenant 14 asks for more without buying: {error}");
    }
    Ok(())
}
