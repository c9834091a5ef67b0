//! Asking access control, and who pays for its yes.

use ecology_contracts::{Answer, Request};
use ecology_types::{
    ArtifactRecord, Charges, Effect, Grant, Key, Payer, PermissionAnswer, Refusal, RefusalCode, Resource,
    Scrip, Terms, Time, TransferReason, Value, Verb,
};

use crate::check::Moment;
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
        if plan.asking.is_some() && self.note_question(&request, plan) {
            return Ok(Scrip::ZERO);
        }
        let (answer, ruling) = {
            let view = self.during(&plan.events, plan.time);
            let answer = self.parts.access.decide(&request, &view);
            let ruling = match call.answers {
                [] => None,
                _ => self.parts.access.ruling(&request, &view),
            };
            (answer, ruling)
        };
        // A tool without standing has no CPU time; whoever gave it its allowance bears what is asked for it.
        let bearer = plan.purse.map_or(call.caller, |(granter, _)| granter);
        if let Some(ruling) = ruling {
            let noted = plan.code_cpu.len();
            self.note_instructions(ruling, answer.is_allowed(), plan);
            for (who, _) in plan.code_cpu.iter_mut().skip(noted).filter(|(who, _)| *who == call.caller) {
                *who = bearer;
            }
        }
        let terms =
            ruling.and_then(|ruling| ruling.verdict.as_ref().ok().map(|terms| (ruling.contract, terms)));
        match answer {
            Answer::Allow { grant, .. } => {
                if let Some((contract, Terms { state: Some(state), .. })) = terms {
                    plan.states.push((contract, state.clone()));
                }
                if grant.cost == Scrip::ZERO {
                    return Ok(Scrip::ZERO);
                }
                let shares = terms.map_or(&[][..], |(_, terms)| &terms.shares);
                self.plan_fee(record, call.caller, grant, shares, plan)
            }
            Answer::Deny { code, reason } => {
                self.can_pay_for_code(bearer, code, plan.time)?;
                Err(Refusal::new(code, reason))
            }
        }
    }

    /// Nobody has code asked who has no CPU time left to pay for it.
    fn can_pay_for_code(&self, caller: Key, code: RefusalCode, now: Time) -> Result<(), Refusal> {
        match code {
            RefusalCode::ContractNeedsCode | RefusalCode::AnswerStale => {
                self.admit(caller, &Charges::of(Resource::Cpu, 1), now)
            }
            _ => Ok(()),
        }
    }

    fn plan_fee(
        &self,
        record: &ArtifactRecord,
        caller: Key,
        grant: Grant,
        shares: &[(Key, Scrip)],
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
        let payee = self.payee(record);
        let other = if grant.payer == Payer::Artifact { record.key } else { payee };
        let from_other = grant.cost.checked_sub(from_caller).unwrap_or(Scrip::ZERO);
        // What a tool without standing invokes is paid for out of its allowance.
        let invoker = match plan.purse {
            Some((_, left)) if from_caller > left => {
                let detail = format!("{left} scrip are left of the allowance and the price is {from_caller}");
                return Err(Refusal::new(RefusalCode::InsufficientScrip, detail));
            }
            Some((granter, _)) => granter,
            None => caller,
        };
        let mut sources = [(invoker, from_caller), (other, from_other)];
        let shared = shares.iter().try_fold(Scrip::ZERO, |sum, (_, share)| sum.checked_add(*share));
        let rest = shared.and_then(|shared| grant.cost.checked_sub(shared)).unwrap_or(Scrip::ZERO);
        let mut paid = Scrip::ZERO;
        for (to, amount) in shares.iter().copied().chain([(payee, rest)]) {
            let mut due = amount.0;
            for (from, left) in &mut sources {
                let part = due.min(left.0);
                due -= part;
                left.0 -= part;
                if part > 0 && *from != to {
                    self.plan_payment(*from, to, Scrip(part), plan)?;
                    if *from == invoker {
                        paid.0 += part;
                    }
                }
            }
        }
        Ok(paid)
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

    /// What reading the artifact costs `caller`, with the answers that came along; nothing is paid. What is governed by code shows to those
    /// who bring a fresh answer.
    pub(crate) fn price_with(
        &self,
        record: &ArtifactRecord,
        call: &Call<'_>,
        plan: &mut Plan,
    ) -> Result<Scrip, Refusal> {
        let request = Request {
            artifact: record,
            verb: Verb::Read,
            caller: call.caller,
            method: None,
            args: None,
            answers: call.answers,
        };
        if plan.asking.is_some() && self.note_question(&request, plan) {
            return Ok(Scrip::ZERO);
        }
        let view = Moment { world: self, now: plan.time };
        let answer = self.parts.access.decide(&request, &view);
        if let Some(ruling) = self.parts.access.ruling(&request, &view) {
            self.note_instructions(ruling, answer.is_allowed(), plan);
        }
        match answer {
            Answer::Allow { grant, .. } if matches!(grant.payer, Payer::Owner | Payer::Artifact) => {
                Ok(Scrip::ZERO)
            }
            Answer::Allow { grant, .. } => Ok(grant.cost),
            Answer::Deny { code, reason } => {
                self.can_pay_for_code(call.caller, code, plan.time)?;
                Err(Refusal::new(code, reason))
            }
        }
    }

    /// Whether `viewer` may know that the artifact is there: it may read it, at whatever price. No code is asked for this, so what is governed
    /// by code stays hidden from searches, summaries and the log, also from its owner: there it shows to those alone who name it and bring an
    /// answer (`genesis_store`'s `get`, `get_metadata` and `get_interface`, and every action).
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
