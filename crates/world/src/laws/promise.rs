//! Nothing acknowledged is ever lost, and nothing happens twice: what is found after a crash is a beginning of what was done, and reaches
//! at least as far as what was acknowledged.

use super::Broken;

/// Compares the records found with all that were handed to the journal, acknowledged or not. `acknowledged` counts records from the first.
///
/// # Errors
/// The law that is [`Broken`].
pub fn nothing_lost_nothing_twice<A: AsRef<[u8]>, B: AsRef<[u8]>>(
    done: &[A],
    acknowledged: u64,
    found: &[B],
) -> Result<(), Broken> {
    let law = "nothing acknowledged is lost, nothing happens twice";
    if (found.len() as u64) < acknowledged {
        let detail = format!("{acknowledged} records were acknowledged and {} are there", found.len());
        return Err(Broken { law, detail });
    }
    if found.len() > done.len() {
        let detail = format!("{} records are there and {} were ever written", found.len(), done.len());
        return Err(Broken { law, detail });
    }
    for (number, (done, found)) in (1_u64..).zip(done.iter().zip(found)) {
        if done.as_ref() != found.as_ref() {
            return Err(Broken { law, detail: format!("record {number} is another one than was written") });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_that_reaches_far_enough_is_fine() {
        let done = [b"a", b"b", b"c"];
        assert_eq!(nothing_lost_nothing_twice(&done, 2, &done[..2]), Ok(()));
        assert_eq!(nothing_lost_nothing_twice(&done, 2, &done), Ok(()));
        assert!(nothing_lost_nothing_twice(&done, 2, &done[..1]).is_err());
        assert!(nothing_lost_nothing_twice(&done[..2], 2, &done).is_err());
        assert!(nothing_lost_nothing_twice(&done, 2, &[b"a", b"a", b"b"]).is_err());
    }
}
