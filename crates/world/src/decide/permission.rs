//! Asking access control, and who pays for its yes.

use ecology_contracts::{Answer, Request};
use ecology_types::{
    ArtifactRecord, Effect, GenesisArtifact, Grant, Key, Payer, PermissionAnswer, Refusal, RefusalCode,
    Scrip, TransferReason, Value, Verb,
};

use crate::step::Plan;
use crate::world::World;

/// What is to be done, as access control is asked about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) caller: Key,
    pub(crate) verb: Verb,
    pub(crate) method: Option<&'a str>,
    pub(crate) args: Option<&'a Value>,
    pub(crate) answers: &'a [PermissionAnswer],
}

impl<'a> Call<'a> {
    pub(crate) const fn of(caller: Key, verb: Verb, answers: &'a [PermissionAnswer]) -> Self {
        Self { caller, verb, method: None, args: None, answers }
    }
}

impl World {
    /// Asks access control and plans the fee. All scrip that the caller pays for it is returned, so that the action can count on the rest only.
    pub(crate) fn permit(
        &self,
        record: &ArtifactRecord,
        call: &Call<'_>,
        plan: &mut Plan,
    ) -> Result<Scrip, Refusal> {
        let request = Request {
            artifact: record,
            verb: call.verb,
            caller: call.caller,
            method: call.method,
            args: call.args,
            answers: call.answers,
        };
        match self.parts.access.decide(&request, &self.during(&plan.events)) {
            Answer::Allow { grant, .. } if grant.cost == Scrip::ZERO => Ok(Scrip::ZERO),
            Answer::Allow { grant, .. } => self.plan_fee(record, call.caller, grant, plan),
            Answer::Deny { code, reason } => Err(Refusal::new(code, reason)),
        }
    }

    fn plan_fee(
        &self,
        record: &ArtifactRecord,
        caller: Key,
        grant: Grant,
        plan: &mut Plan,
    ) -> Result<Scrip, Refusal> {
        let from_caller = match grant.payer {
            Payer::Invoker => grant.cost,
            Payer::Owner | Payer::Artifact => Scrip::ZERO,
            Payer::Split(hundredths) => {
                let part = u128::from(grant.cost.0) * u128::from(hundredths.min(100));
                Scrip(u64::try_from(part.div_ceil(100)).unwrap_or(u64::MAX))
            }
        };
        // While an artifact is in escrow it earns for its seller: escrow holds nothing but what its orders say.
        let payee = match self.book.listing(record.key) {
            Some(order) if record.owner == GenesisArtifact::Escrow.key() => order.owner,
            _ => record.owner,
        };
        if grant.payer == Payer::Artifact && record.key != payee {
            self.plan_payment(record.key, payee, grant.cost, plan)?;
            return Ok(if record.key == caller { grant.cost } else { Scrip::ZERO });
        }
        // What a tool without standing invokes is paid for out of its allowance.
        let payer = match plan.purse {
            Some((_, left)) if from_caller > left => {
                let detail = format!("{left} scrip are left of the allowance and the price is {from_caller}");
                return Err(Refusal::new(RefusalCode::InsufficientScrip, detail));
            }
            Some((granter, _)) => granter,
            None => caller,
        };
        if from_caller > Scrip::ZERO && payer != payee {
            self.plan_payment(payer, payee, from_caller, plan)?;
            return Ok(from_caller);
        }
        Ok(Scrip::ZERO)
    }

    fn plan_payment(&self, from: Key, to: Key, amount: Scrip, plan: &mut Plan) -> Result<(), Refusal> {
        let balance = self.scrip_during(from, &plan.events);
        if balance < amount {
            let detail = format!("{} has {balance} scrip and the price is {amount}", self.id(from));
            return Err(Refusal::new(RefusalCode::InsufficientScrip, detail));
        }
        if self.accounts.get(to).is_none() {
            let detail =
                format!("the price of {amount} scrip cannot be paid: {} has no account", self.id(to));
            return Err(Refusal::new(RefusalCode::NoStanding, detail));
        }
        plan.push(Effect::ScripTransferred { from, to, amount, reason: TransferReason::Fee });
        Ok(())
    }

    /// Whether `viewer` may know that the artifact is there: it may read it, at whatever price.
    pub(crate) fn may_know(&self, viewer: Key, record: &ArtifactRecord) -> bool {
        self.read_price(viewer, record).is_some()
    }

    /// What reading the artifact costs `viewer`; `None` when it may not.
    pub(crate) fn read_price(&self, viewer: Key, record: &ArtifactRecord) -> Option<Scrip> {
        let request = Request {
            artifact: record,
            verb: Verb::Read,
            caller: viewer,
            method: None,
            args: None,
            answers: &[],
        };
        match self.parts.access.decide(&request, self) {
            Answer::Allow { grant, .. } if matches!(grant.payer, Payer::Owner | Payer::Artifact) => {
                Some(Scrip::ZERO)
            }
            Answer::Allow { grant, .. } => Some(grant.cost),
            Answer::Deny { .. } => None,
        }
    }
}
