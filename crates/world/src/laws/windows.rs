//! No window and no quota is exceeded.

use ecology_types::Resource;

use super::Broken;
use crate::world::World;

impl World {
    pub(super) fn windows_hold(&self) -> Result<(), Broken> {
        for (key, account) in self.accounts.iter() {
            for resource in Resource::RENEWABLE {
                let used = self.parts.limiter.used(key, resource, self.clock.time);
                if used > account.quotas[resource] {
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
}
