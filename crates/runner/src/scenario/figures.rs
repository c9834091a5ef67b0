//! Measured figures in the form of a report.

use crate::report::Finding;

/// A figure with the interval in which it agrees with what was published.
pub(super) struct Figure<'a> {
    pub(super) name: String,
    pub(super) measured: f64,
    pub(super) unit: &'a str,
    pub(super) published: String,
    pub(super) least: Option<f64>,
    pub(super) greatest: Option<f64>,
    pub(super) source: &'a str,
}

impl Figure<'_> {
    pub(super) fn finding(self) -> Finding {
        let agrees = self.least.is_none_or(|least| self.measured >= least)
            && self.greatest.is_none_or(|greatest| self.measured <= greatest);
        Finding {
            name: self.name,
            measured_millionths: millionths(self.measured),
            unit: self.unit.to_owned(),
            published: self.published,
            least_millionths: self.least.map(millionths),
            greatest_millionths: self.greatest.map(millionths),
            source: self.source.to_owned(),
            due: self.least.is_some() || self.greatest.is_some(),
            agrees,
        }
    }
}

/// A figure of a report in millionths. Figures are for reading; nothing in a world is decided by them.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a figure of a report, rounded on purpose; the cast saturates"
)]
pub(crate) fn millionths(figure: f64) -> i64 {
    (figure * 1e6).round() as i64
}
