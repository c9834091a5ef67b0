//! What a pair finds, and what it does with a candidate that lies or fails.

use ecology_ontology::conformance::{agent, artifact, draft, record, sees_all};
use ecology_ontology::{
    Ask, Change, Legacy, NotAllowed, Ontology, Page, Query, Resolution, ShadowOntology, Unified,
};
use ecology_types::{ArtifactRecord, Draft, Id, Key, Limits, RefusalCode, Time, Value};

/// How a candidate misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Refuses every creation.
    RefusesAll,
    /// Refuses every change, with the code of a registered difference.
    RefusesChanges,
    /// Finds nothing.
    FindsNothing,
    /// Misses deletions.
    KeepsDeleted,
    /// Panics when asked what a key is.
    PanicsOnResolve,
    /// Panics when told of a deletion.
    PanicsOnDelete,
    /// Cannot read a snapshot.
    CannotRestore,
}

struct Faulty {
    inner: Unified,
    fault: Fault,
}

impl Ontology for Faulty {
    fn name(&self) -> &'static str {
        self.inner.name()
    }
    fn check(&self, ask: &Ask<'_>, limits: &Limits) -> Result<(), NotAllowed> {
        match self.fault {
            Fault::RefusesAll => Err(NotAllowed { code: RefusalCode::IdTaken, detail: "no".to_owned() }),
            Fault::RefusesChanges if matches!(ask, Ask::Change { .. }) => {
                Err(NotAllowed { code: RefusalCode::ArgumentInvalid, detail: "no".to_owned() })
            }
            _ => self.inner.check(ask, limits),
        }
    }
    fn apply(&mut self, change: &Change<'_>) {
        match (self.fault, change) {
            (Fault::KeepsDeleted, Change::Deleted { .. }) => {}
            (Fault::PanicsOnDelete, Change::Deleted { .. }) => panic!("planted"),
            _ => self.inner.apply(change),
        }
    }
    fn artifact(&self, key: Key) -> Resolution<'_> {
        assert!(self.fault != Fault::PanicsOnResolve, "planted");
        self.inner.artifact(key)
    }
    fn principal(&self, key: Key) -> Resolution<'_> {
        self.inner.principal(key)
    }
    fn principals(&self) -> &[Key] {
        self.inner.principals()
    }
    fn agents(&self) -> &[Key] {
        self.inner.agents()
    }
    fn counts(&self) -> (u64, u64) {
        self.inner.counts()
    }
    fn search(&self, query: &Query, may_see: &dyn Fn(&ArtifactRecord) -> bool) -> Page {
        match self.fault {
            Fault::FindsNothing => Page::default(),
            _ => self.inner.search(query, may_see),
        }
    }
    fn describe(&self, record: &ArtifactRecord, name: &dyn Fn(Key) -> Id) -> Value {
        self.inner.describe(record, name)
    }
    fn digest(&self, into: &mut Vec<u8>) {
        self.inner.digest(into);
    }
    fn save(&self) -> Vec<u8> {
        self.inner.save()
    }
    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        match self.fault {
            Fault::CannotRestore => Err("planted".to_owned()),
            _ => self.inner.restore(saved),
        }
    }
}

fn create(key: u32, draft: &Draft) -> Ask<'_> {
    Ask::Create { key: Key(key), draft, standing: false, executable: false }
}

/// Runs a little world on legacy beside a faulty candidate, in which the two schemas agree.
fn run(fault: Fault) -> ecology_shadow::Report {
    let candidate = Faulty { inner: Unified::new(), fault };
    let mut pair = ShadowOntology::new(Box::new(Legacy::new()), Box::new(candidate));
    pair.apply(&Change::Created(&artifact(1, 0)));
    pair.apply(&Change::Created(&artifact(2, 0)));
    pair.apply(&Change::Deleted { key: Key(2), at: Time(1) });
    for key in [1, 2, 3] {
        pair.artifact(Key(key));
    }
    assert_eq!(pair.check(&create(3, &draft(3)), &Limits::default()), Ok(()));
    let found = pair.search(&Query { limit: 5, ..Query::default() }, &sees_all);
    assert_eq!(found.keys, [Key(1)], "the serving side answers, whatever the candidate does");
    let saved = pair.save();
    assert_eq!(pair.restore(&saved), Ok(()));
    assert_eq!(pair.counts(), (1, 1));
    pair.artifact(Key(1));
    pair.report()
}

#[test]
fn lies_are_found() {
    for (fault, kinds) in [
        (Fault::RefusesAll, vec!["check"]),
        (Fault::FindsNothing, vec!["search"]),
        (Fault::KeepsDeleted, vec!["resolve", "search"]),
    ] {
        let report = run(fault);
        let found: Vec<_> = report.first_unexplained.iter().map(|found| found.kind.as_str()).collect();
        assert_eq!(found, kinds, "{fault:?}: {report:#?}");
        assert_eq!((report.mismatched, report.candidate_failures), (kinds.len() as u64, 0));
        assert_eq!(report.compared, 6);
        assert!(report.expected.is_empty());
    }
}

#[test]
fn a_registered_code_without_its_cause_is_a_mismatch() {
    let candidate = Faulty { inner: Unified::new(), fault: Fault::RefusesChanges };
    let mut pair = ShadowOntology::new(Box::new(Legacy::new()), Box::new(candidate));
    let bare_tool = record(1, false, true);
    pair.apply(&Change::Created(&bare_tool));
    pair.apply(&Change::Created(&artifact(2, 0)));
    let limits = Limits::default();
    let change = |key: u32, can_execute: Option<bool>| {
        let draft = Draft { can_execute, ..draft(key) };
        assert_eq!(pair.check(&Ask::Change { key: Key(key), draft: &draft }, &limits), Ok(()));
        (pair.report().mismatched, pair.report().expected.len())
    };
    assert_eq!(change(1, None), (1, 0), "what lacked methods before may be changed");
    assert_eq!(change(2, None), (2, 0), "data needs no methods");
    assert_eq!(change(2, Some(true)), (2, 1), "made executable without methods: that is ON-2");
}

#[test]
fn a_candidate_that_fails_is_counted_once_and_left_alone() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let reports = [Fault::PanicsOnResolve, Fault::PanicsOnDelete, Fault::CannotRestore].map(run);
    std::panic::set_hook(hook);
    for (report, kind) in reports.iter().zip(["resolve", "apply", "restore"]) {
        assert_eq!((report.mismatched, report.candidate_failures), (0, 1), "{report:#?}");
        assert_eq!(report.first_unexplained[0].kind, kind);
        assert!(report.first_unexplained[0].detail.contains("planted"));
    }
}

#[test]
fn registered_differences_carry_their_codes_in_both_directions() {
    for new_serves in [false, true] {
        let (old, new): (Box<dyn Ontology>, Box<dyn Ontology>) =
            (Box::new(Legacy::new()), Box::new(Unified::new()));
        let mut pair = if new_serves { ShadowOntology::new(new, old) } else { ShadowOntology::new(old, new) };
        pair.apply(&Change::Created(&agent(1)));
        let limits = Limits::default();
        let _ = pair.check(&create(1, &draft(1)), &limits);
        let _ = pair.check(
            &Ask::Create { key: Key(2), draft: &draft(2), standing: false, executable: true },
            &limits,
        );
        let memory = Draft { memory: Some(Id::known("notes")), ..draft(2) };
        let _ = pair.check(&create(2, &memory), &limits);
        let _ = pair.search(&Query { limit: 5, ..Query::default() }, &sees_all);
        let report = pair.shadow_report().expect("a pair");
        let codes: Vec<_> = report.expected.iter().map(|(code, n)| (code.as_str(), *n)).collect();
        assert_eq!(codes, [("ON-1", 1), ("ON-2", 1), ("ON-3", 1), ("ON-5", 1)]);
        assert_eq!((report.compared, report.mismatched), (4, 0), "{report:#?}");
        assert_eq!(report.kinds, [("check".to_owned(), 3), ("search".to_owned(), 1)]);
    }
}

#[test]
fn resolutions_count_as_comparisons() {
    let pair = ShadowOntology::new(Box::new(Legacy::new()), Box::new(Unified::new()));
    let _ = pair.principal(Key(4));
    let _ = pair.artifact(Key(4));
    let report = pair.report();
    assert_eq!((report.compared, report.same), (2, 2));
    assert_eq!(report.kinds, [("resolve".to_owned(), 2)]);
}
