//! Taking a world apart, to see what each part weighs.

use crate::world::World;

impl World {
    /// Drops the world part by part and says after each one what it was.
    ///
    /// Whoever counts allocations learns from this what every part held, to the byte and without a part having to report on itself: growth
    /// that is not used yet, boxes and tables included.
    pub fn dismantle(self, let_go: &mut dyn FnMut(&'static str)) {
        // Exhaustive, so that a new part cannot be forgotten.
        let Self {
            parts,
            rules,
            symbols,
            accounts,
            book,
            mint,
            agents,
            reservations,
            subscriptions,
            deleters,
            graves,
            migrations,
            revenue,
            exempt,
            code,
            usage,
            measured,
            log,
            inboxes,
            clock,
            refilled: _,
            recent,
            ends,
        } = self;
        drop((log, recent));
        let_go("event log");
        drop(accounts);
        let_go("accounts");
        drop(exempt);
        let_go("disk exemptions");
        drop(usage);
        let_go("usage");
        drop(measured);
        let_go("measured");
        drop(inboxes);
        let_go("inboxes");
        drop(agents);
        let_go("loop states");
        drop(reservations);
        let_go("reservations");
        drop(subscriptions);
        let_go("subscriptions");
        drop(parts.limiter);
        let_go("limiter");
        drop(parts.access);
        let_go("access control");
        drop(parts.ontology);
        let_go("ontology");
        drop(symbols);
        let_go("symbols");
        drop((rules, book, mint, deleters, graves, migrations, revenue, code, clock, ends));
        let_go("the rest of the world");
    }
}
