//! The formats of the files.

/// A file that holds one number. `max` is not a usage and counts as unreadable.
pub(super) fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// `usage_usec` in a v2 `cpu.stat`, as nanoseconds.
pub(super) fn cpu_stat_ns(text: &str) -> Option<u64> {
    let micros = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
    number(micros)?.checked_mul(1_000)
}

/// Bytes read and written over all devices in a v2 `io.stat`: `8:0 rbytes=1 wbytes=2 rios=3 ...`.
pub(super) fn io_stat_bytes(text: &str) -> Option<(u64, u64)> {
    let mut sums = (0_u64, 0_u64);
    for word in text.split_whitespace() {
        if let Some(bytes) = word.strip_prefix("rbytes=") {
            sums.0 = sums.0.checked_add(number(bytes)?)?;
        } else if let Some(bytes) = word.strip_prefix("wbytes=") {
            sums.1 = sums.1.checked_add(number(bytes)?)?;
        }
    }
    Some(sums)
}

/// Bytes read and written over all devices in a v1 `blkio.throttle.io_service_bytes`: `8:0 Read 1`, `8:0 Write 2`, ..., `Total 3`.
pub(super) fn blkio_bytes(text: &str) -> Option<(u64, u64)> {
    let mut sums = (0_u64, 0_u64);
    for line in text.lines() {
        let mut words = line.split_whitespace().skip(1);
        match (words.next(), words.next()) {
            (Some("Read"), Some(bytes)) => sums.0 = sums.0.checked_add(number(bytes)?)?,
            (Some("Write"), Some(bytes)) => sums.1 = sums.1.checked_add(number(bytes)?)?,
            _ => {}
        }
    }
    Some(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_nonsense_is_not() {
        assert_eq!(number("42\n"), Some(42));
        assert_eq!(number("max\n"), None);
        assert_eq!(cpu_stat_ns("usage_usec 7\nuser_usec 3\nsystem_usec 4\n"), Some(7_000));
        assert_eq!(cpu_stat_ns("user_usec 3\n"), None);
        assert_eq!(cpu_stat_ns("usage_usec 18446744073709551615\n"), None);
    }

    #[test]
    fn devices_are_summed() {
        let v2 = "8:0 rbytes=10 wbytes=20 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=2 rios=9 wios=9\n7:0\n";
        assert_eq!(io_stat_bytes(v2), Some((11, 22)));
        let v1 = "8:0 Read 10\n8:0 Write 20\n8:0 Sync 5\n8:0 Total 30\n8:16 Read 1\n8:16 Write 2\nTotal 33\n";
        assert_eq!(blkio_bytes(v1), Some((11, 22)));
        assert_eq!((io_stat_bytes(""), blkio_bytes("Total 0\n")), (Some((0, 0)), Some((0, 0))));
        assert_eq!(io_stat_bytes("8:0 rbytes=x"), None);
    }
}
