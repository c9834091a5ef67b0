//! Reading what is about to come.

use std::io::{Error, Read as _, Result};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

/// How long a reader looks again and again before it sleeps. Most checks are over by then, and waking somebody up takes longer than a check:
/// about 15 microseconds on each side, of the 25 that a call through a worker may take.
const LOOKING: Duration = Duration::from_micros(50);

/// Reads like [`std::io::Read::read`]. Whoever has something to do gets the processor meanwhile.
pub(super) fn read_soon(stream: &UnixStream, buffer: &mut [u8]) -> Result<usize> {
    let begin = Instant::now();
    loop {
        match recv(stream, &mut *buffer, RecvFlags::DONTWAIT) {
            Ok((count, _)) => return Ok(count),
            Err(Errno::AGAIN) if begin.elapsed() < LOOKING => std::thread::yield_now(),
            Err(Errno::AGAIN) => return (&*stream).read(buffer),
            Err(error) => return Err(Error::from(error)),
        }
    }
}
