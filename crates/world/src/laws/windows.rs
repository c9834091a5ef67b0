//! No window and no quota is exceeded.

use ecology_types::{Axis, Key, Resource, Side};

use super::Broken;
use crate::world::World;

impl World {
    pub(super) fn windows_hold(&self) -> Result<(), Broken> {
        for (key, account) in self.accounts.iter() {
            for resource in Resource::RENEWABLE {
                let used = self.parts.limiter.used(key, resource, self.clock.time);
                if used > account.quotas[resource] && self.windows_admitted_any(key, resource) {
                    let detail = format!(
                        "{} has used {used} of {} {resource}",
                        self.id(key),
                        account.quotas[resource]
                    );
                    return Err(Broken { law: "no window is exceeded", detail });
                }
            }
            if account.disk_used_bytes > account.quotas[Resource::Disk] && account.disk_used_bytes > 0 {
                let detail = format!(
                    "{} uses {} of {} bytes of disk",
                    self.id(key),
                    account.disk_used_bytes,
                    account.quotas[Resource::Disk]
                );
                return Err(Broken { law: "no quota is exceeded", detail });
            }
        }
        Ok(())
    }

    /// Whether anything in the window was admitted by the half that limits now. Where windows took over from ticks, more than a share may rightly be
    /// left over in a window; then nothing is admitted until that has left it. One window after the change only what came since counts.
    fn windows_admitted_any(&self, key: Key, resource: Resource) -> bool {
        if self.axes().side(Axis::RateLimiting) == Side::Old {
            return true;
        }
        self.refilled.until().is_none_or(|until| {
            let later = until.after(self.parts.limiter.window()).max(self.clock.time);
            self.parts.limiter.used(key, resource, later) > 0
        })
    }
}
