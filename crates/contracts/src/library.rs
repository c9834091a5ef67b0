//! The contracts that are shipped as source.

use crate::Template;

const fn template(
    name: &'static str,
    source: &'static str,
    methods: &'static [&'static str],
    needs_standing: bool,
) -> Template {
    Template { name, source, methods, needs_standing }
}

/// Every contract of the library, from the simplest on.
pub const LIBRARY: &[Template] = &[
    template("freeware", include_str!("../library/freeware.luau"), &[], false),
    template("private", include_str!("../library/private.luau"), &[], false),
    template("public", include_str!("../library/public.luau"), &[], false),
    template("self_owned", include_str!("../library/self_owned.luau"), &[], false),
    template("allow_list", include_str!("../library/allow_list.luau"), &[], false),
    template("paywall", include_str!("../library/paywall.luau"), &[], false),
    template("subscription", include_str!("../library/subscription.luau"), &["subscribe", "until"], false),
    template("approval", include_str!("../library/approval.luau"), &["approve", "revoke"], false),
    template("auction", include_str!("../library/auction.luau"), &["bid", "settle", "status"], true),
    template("lease", include_str!("../library/lease.luau"), &["rent", "tenant"], false),
    template("licence", include_str!("../library/licence.luau"), &[], false),
    template(
        "bounty",
        include_str!("../library/bounty.luau"),
        &["deposit", "accept", "cancel", "status"],
        true,
    ),
    template(
        "delegation",
        include_str!("../library/delegation.luau"),
        &["delegate", "revoke", "mandate"],
        false,
    ),
    template("time_lock", include_str!("../library/time_lock.luau"), &[], false),
    template("first_reader", include_str!("../library/first_reader.luau"), &[], false),
];
