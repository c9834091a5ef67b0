//! The contracts that are shipped as source.

use crate::Template;

const fn template(name: &'static str, source: &'static str, needs_standing: bool) -> Template {
    Template { name, source, needs_standing }
}

/// Every contract of the library, from the simplest on.
pub const LIBRARY: &[Template] = &[
    template("freeware", include_str!("../library/freeware.luau"), false),
    template("private", include_str!("../library/private.luau"), false),
    template("public", include_str!("../library/public.luau"), false),
    template("self_owned", include_str!("../library/self_owned.luau"), false),
    template("allow_list", include_str!("../library/allow_list.luau"), false),
    template("paywall", include_str!("../library/paywall.luau"), false),
    template("subscription", include_str!("../library/subscription.luau"), false),
    template("approval", include_str!("../library/approval.luau"), false),
    template("auction", include_str!("../library/auction.luau"), true),
    template("lease", include_str!("../library/lease.luau"), false),
    template("licence", include_str!("../library/licence.luau"), false),
    template("bounty", include_str!("../library/bounty.luau"), true),
    template("delegation", include_str!("../library/delegation.luau"), false),
    template("time_lock", include_str!("../library/time_lock.luau"), false),
    template("first_reader", include_str!("../library/first_reader.luau"), false),
];
