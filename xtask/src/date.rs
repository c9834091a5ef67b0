//! Calendar days. Claims and evidence know a day and nothing finer.

pub(crate) use jiff::civil::Date;

/// Today, in UTC.
pub(crate) fn today() -> Date {
    jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date()
}

/// Whole days from `earlier` to `later`; negative when they are the other way round.
pub(crate) fn days_between(earlier: Date, later: Date) -> i32 {
    later.since(earlier).map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn counts_days_across_months_and_backwards() {
        assert_eq!(days_between(date(2026, 2, 26), date(2026, 3, 1)), 3);
        assert_eq!(days_between(date(2026, 3, 1), date(2026, 2, 26)), -3);
    }
}
