//! Numbers as they are written, without floating point.

use std::cmp::Ordering;

/// A decimal number, exactly as a text says it: `digits * 10^exponent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) is_negative: bool,
    /// Without leading zeros; empty for zero.
    digits: Vec<u8>,
    exponent: i64,
}

/// A decimal number as a whole number of some unit, and what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole {
    /// Cut off towards zero, without the sign.
    pub(crate) amount: u64,
    /// What was cut off, compared with a half; `None` when it is nothing.
    pub(crate) rest: Option<Ordering>,
}

impl Whole {
    /// Rounded to the nearest, a half to the even neighbour; `None` when it does not fit.
    pub(crate) fn rounded(self) -> Option<u64> {
        let up = match self.rest {
            None | Some(Ordering::Less) => false,
            Some(Ordering::Equal) => self.amount % 2 == 1,
            Some(Ordering::Greater) => true,
        };
        self.amount.checked_add(u64::from(up))
    }
}

impl Decimal {
    /// Reads `-12.5e3`; `None` for anything else, also for what is called a number and is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (is_negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(at) => (&rest[..at], parse_exponent(&rest[at + 1..])?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').collect();
        let leading = digits.iter().take_while(|digit| **digit == 0).count();
        digits.drain(..leading);
        let fraction_len = i64::try_from(fraction.len()).ok()?;
        Some(Self { is_negative, digits, exponent: exponent.saturating_sub(fraction_len) })
    }

    /// Whether it is zero, whatever its sign.
    pub(crate) fn is_zero(&self) -> bool {
        self.digits.iter().all(|digit| *digit == 0)
    }

    /// The number in units of `10^-places`; `None` when it does not fit.
    pub(crate) fn scaled(&self, places: u32) -> Option<Whole> {
        if self.is_zero() {
            return Some(Whole { amount: 0, rest: None });
        }
        let length = i64::try_from(self.digits.len()).ok()?;
        // How many digits stand before the point.
        let before = length.saturating_add(self.exponent).saturating_add(i64::from(places));
        if before > 20 {
            return None;
        }
        let before_len = usize::try_from(before.max(0)).ok()?;
        let mut amount: u64 = 0;
        for at in 0..before_len {
            let digit = self.digits.get(at).copied().unwrap_or(0);
            amount = amount.checked_mul(10)?.checked_add(u64::from(digit))?;
        }
        let after = self.digits.get(before_len..).unwrap_or_default();
        let rest = if after.iter().all(|digit| *digit == 0) {
            None
        } else if before < 0 {
            Some(Ordering::Less)
        } else {
            let first = after.first().copied().unwrap_or(0);
            let is_more = after.iter().skip(1).any(|digit| *digit > 0);
            Some(first.cmp(&5).then(if is_more { Ordering::Greater } else { Ordering::Equal }))
        };
        Some(Whole { amount, rest })
    }
}

/// An exponent; one that is beyond all bounds stops there.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse::<i64>().unwrap_or(i64::MAX / 4);
    Some(if text.starts_with('-') { -size } else { size })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn micro(text: &str) -> Option<u64> {
        Decimal::parse(text)?.scaled(6)?.rounded()
    }

    #[test]
    fn dollars_become_micro_dollars_half_to_even() {
        assert_eq!(micro("1.00"), Some(1_000_000));
        assert_eq!(micro("0.1"), Some(100_000));
        assert_eq!(micro("0.0000005"), Some(0));
        assert_eq!(micro("0.0000015"), Some(2));
        assert_eq!(micro("0.0000025"), Some(2));
        assert_eq!(micro("0.00000250000000000000000000001"), Some(3));
        assert_eq!(micro("0.30000000000000004"), Some(300_000));
        assert_eq!(micro("1.2e-5"), Some(12));
        assert_eq!(micro("1E3"), Some(1_000_000_000));
        assert_eq!(micro("1e-400"), Some(0));
        assert_eq!(micro("18446744073709.551615"), Some(u64::MAX));
        assert_eq!(micro("18446744073709.551616"), None);
        assert_eq!(micro("18446744073709.5516155"), None);
        assert_eq!(micro("1e400"), None);
        assert_eq!(micro("0e99999999999999999999"), Some(0));
    }

    #[test]
    fn what_is_no_number() {
        for text in
            ["", "-", ".", "NaN", "Infinity", "-.inf", "1e", "1e+", "0x10", "1_000", "1.2.3", " 1", "--1"]
        {
            assert_eq!(Decimal::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whole_numbers_come_back(amount in any::<u64>(), zeros in 0_usize..4, fraction in 0_u32..1_000) {
            let text = format!("{}{amount}.{fraction:03}", "0".repeat(zeros));
            let whole = Decimal::parse(&text).unwrap().scaled(0).unwrap();
            prop_assert_eq!(whole.amount, amount);
            prop_assert_eq!(whole.rest, (fraction > 0).then(|| fraction.cmp(&500)));
            let thousandths = Decimal::parse(&text).unwrap().scaled(3);
            prop_assert_eq!(
                thousandths.map(|whole| whole.amount),
                amount.checked_mul(1_000).and_then(|sum| sum.checked_add(u64::from(fraction)))
            );
        }

        #[test]
        fn any_text_is_a_number_or_none(text in "[-+0-9.eE]{0,24}") {
            if let Some(number) = Decimal::parse(&text) {
                let _ = (number.scaled(0), number.scaled(6));
            }
        }
    }
}
