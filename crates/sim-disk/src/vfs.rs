//! SQLite's way to the disk: the table of C functions. Each does what SQLite's own file system for Unix does, on a [`State`](crate::state::State).

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, Once};

use rusqlite::ffi;

use crate::disk::Shared;
use crate::names::FileId;
use crate::state::Level;

/// The name under which SQLite knows the file system of all simulated disks.
pub(crate) const NAME: &str = "ecology-simulated-disk";
const NAME_C: &CStr = c"ecology-simulated-disk";

const PATH_BYTES_MAX: c_int = 512;
const SECTOR_BYTES_TOLD: c_int = 4096;
/// A fixed time: days since noon in Greenwich on 24 November 4714 BC, in milliseconds.
const JULIAN_MS: i64 = 212_000_000_000_000;

static HANDLES: AtomicU64 = AtomicU64::new(1);

/// What SQLite holds for an open file: its own part first, as it demands.
#[repr(C)]
struct OpenFile {
    base: ffi::sqlite3_file,
    handle: *mut Handle,
}

struct Handle {
    disk: Arc<Shared>,
    file: FileId,
    name: String,
    number: u64,
    is_nameless: bool,
    removes_on_close: bool,
    /// A log that this handle made: its name is synced with its first sync, as on Unix.
    syncs_names: bool,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Makes the file system known to SQLite, once per process.
///
/// # Panics
/// When SQLite refuses it: without it no test means anything.
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: c_int::try_from(size_of::<OpenFile>()).unwrap_or(c_int::MAX),
            mxPathname: PATH_BYTES_MAX,
            pNext: ptr::null_mut(),
            zName: NAME_C.as_ptr(),
            pAppData: ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(last_error),
            xCurrentTimeInt64: Some(current_time_int64),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: the table and all it points to live as long as the process, and it is not made the default.
        let code = unsafe { ffi::sqlite3_vfs_register(vfs, 0) };
        assert_eq!(code, ffi::SQLITE_OK, "SQLite takes a complete table");
    });
}

/// SQLite's code for what went wrong while doing something that has a code of its own.
fn code(error: &io::Error, doing: c_int) -> c_int {
    if error.kind() == io::ErrorKind::StorageFull { ffi::SQLITE_FULL } else { doing }
}

fn outcome(result: io::Result<()>, doing: c_int) -> c_int {
    result.map_or_else(|error| code(&error, doing), |()| ffi::SQLITE_OK)
}

/// The handle behind a file of SQLite's.
///
/// # Safety
/// `file` was opened by [`open`] and is not closed.
unsafe fn handle<'h>(file: *mut ffi::sqlite3_file) -> &'h mut Handle {
    // SAFETY: by the above it is an `OpenFile` whose handle `open` made; SQLite uses one file on one thread at a time.
    unsafe { &mut *(*file.cast::<OpenFile>()).handle }
}

/// A path as SQLite gives it.
///
/// # Safety
/// `path` is a string that ends with zero and outlives the answer.
unsafe fn text<'p>(path: *const c_char) -> Option<&'p str> {
    // SAFETY: as above.
    unsafe { CStr::from_ptr(path) }.to_str().ok()
}

fn index(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    let opened = file.cast::<OpenFile>();
    // SAFETY: SQLite gives room for `szOsFile` bytes. Without methods it does not call `close` after a failure.
    unsafe { (*opened).base.pMethods = ptr::null() };
    // SAFETY: SQLite's paths end with zero and outlive the call.
    let handle = if path.is_null() { None } else { Some(unsafe { text(path) }) };
    let handle = match handle {
        None => return open_nameless(opened),
        Some(Some(path)) => Shared::of_path(path).and_then(|(disk, name)| {
            let mut state = disk.state();
            let (file, is_new) = match state.find(name) {
                Some(file) => (file, false),
                None if flags & ffi::SQLITE_OPEN_CREATE != 0 => (state.make(name), true),
                None => return None,
            };
            drop(state);
            let is_log = flags & (ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL) != 0;
            Some(Handle {
                name: name.to_owned(),
                file,
                number: HANDLES.fetch_add(1, Ordering::Relaxed),
                is_nameless: false,
                removes_on_close: flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0,
                syncs_names: is_new && is_log,
                disk,
            })
        }),
        Some(None) => None,
    };
    let Some(handle) = handle else { return ffi::SQLITE_CANTOPEN };
    // SAFETY: as above; `flags_out` is null or SQLite's.
    unsafe {
        (*opened).handle = Box::into_raw(Box::new(handle));
        (*opened).base.pMethods = &raw const METHODS;
        if !flags_out.is_null() {
            *flags_out = flags;
        }
    }
    ffi::SQLITE_OK
}

/// A file for SQLite's own use belongs to no disk of ours: it gets one of its own.
fn open_nameless(opened: *mut OpenFile) -> c_int {
    let disk = crate::SimDisk::new().into_shared();
    let file = disk.state().make_nameless();
    let handle = Handle {
        disk,
        file,
        name: String::new(),
        number: HANDLES.fetch_add(1, Ordering::Relaxed),
        is_nameless: true,
        removes_on_close: true,
        syncs_names: false,
    };
    // SAFETY: `open` was given this room by SQLite.
    unsafe {
        (*opened).handle = Box::into_raw(Box::new(handle));
        (*opened).base.pMethods = &raw const METHODS;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(_vfs: *mut ffi::sqlite3_vfs, path: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: SQLite's paths end with zero and outlive the call.
    let Some((disk, name)) = unsafe { text(path) }.and_then(Shared::of_path) else {
        return ffi::SQLITE_IOERR_DELETE;
    };
    let mut state = disk.state();
    match state.remove(name) {
        Err(_) => ffi::SQLITE_IOERR_DELETE_NOENT,
        Ok(()) if sync_folder != 0 => outcome(state.sync_names(), ffi::SQLITE_IOERR_DIR_FSYNC),
        Ok(()) => ffi::SQLITE_OK,
    }
}

unsafe extern "C" fn access(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    flags: c_int,
    answer: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's paths end with zero and outlive the call.
    let found = unsafe { text(path) }.and_then(Shared::of_path).is_some_and(|(disk, name)| {
        let state = disk.state();
        // On Unix an empty file does not count as existing.
        state
            .find(name)
            .is_some_and(|file| flags != ffi::SQLITE_ACCESS_EXISTS || !state.content(file).is_empty())
    });
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *answer = c_int::from(found) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_pathname(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    bytes_max: c_int,
    answer: *mut c_char,
) -> c_int {
    // SAFETY: SQLite's paths end with zero and outlive the call.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes_with_nul();
    if bytes.len() > index(i64::from(bytes_max)) {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: there is room for `bytes_max` bytes, and the two do not overlap.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr().cast(), answer, bytes.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(_vfs: *mut ffi::sqlite3_vfs, bytes: c_int, answer: *mut c_char) -> c_int {
    // SAFETY: there is room for so many bytes.
    unsafe { ptr::write_bytes(answer, 7, index(i64::from(bytes))) };
    bytes
}

unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    std::thread::yield_now();
    microseconds
}

unsafe extern "C" fn current_time(_vfs: *mut ffi::sqlite3_vfs, answer: *mut f64) -> c_int {
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *answer = 2_453_703.7 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn current_time_int64(_vfs: *mut ffi::sqlite3_vfs, answer: *mut i64) -> c_int {
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *answer = JULIAN_MS };
    ffi::SQLITE_OK
}

unsafe extern "C" fn last_error(_vfs: *mut ffi::sqlite3_vfs, _bytes: c_int, _answer: *mut c_char) -> c_int {
    0
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file that `open` opened, once.
    let handle = unsafe { Box::from_raw((*file.cast::<OpenFile>()).handle) };
    let mut state = handle.disk.state();
    state.set_level(handle.file, handle.number, Level::None);
    if handle.is_nameless {
        state.forget_nameless(handle.file);
    } else if handle.removes_on_close {
        // Gone already is gone.
        let _ = state.remove(&handle.name);
    }
    drop(state);
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    answer: *mut c_void,
    bytes: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite reads from an open file.
    let handle = unsafe { handle(file) };
    let (wanted, at) = (index(i64::from(bytes)), index(at));
    let state = handle.disk.state();
    let content = state.content(handle.file);
    let there = content.get(at..).unwrap_or_default();
    let there = &there[..there.len().min(wanted)];
    // SAFETY: there is room for `bytes` bytes; the file's content is not SQLite's memory.
    unsafe {
        ptr::copy_nonoverlapping(there.as_ptr(), answer.cast::<u8>(), there.len());
        ptr::write_bytes(answer.cast::<u8>().add(there.len()), 0, wanted - there.len());
    }
    if there.len() == wanted { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_SHORT_READ }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    content: *const c_void,
    bytes: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite writes to an open file.
    let handle = unsafe { handle(file) };
    // SAFETY: SQLite gives so many bytes.
    let content = unsafe { std::slice::from_raw_parts(content.cast::<u8>(), index(i64::from(bytes))) };
    let mut state = handle.disk.state();
    outcome(state.write(&handle.name, handle.file, index(at), content), ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, to: ffi::sqlite3_int64) -> c_int {
    // SAFETY: SQLite truncates an open file.
    let handle = unsafe { handle(file) };
    handle.disk.state().resize(handle.file, index(to));
    ffi::SQLITE_OK
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: SQLite syncs an open file.
    let handle = unsafe { handle(file) };
    let mut state = handle.disk.state();
    if let Err(error) = state.sync_file(&handle.name, handle.file) {
        return code(&error, ffi::SQLITE_IOERR_FSYNC);
    }
    if std::mem::take(&mut handle.syncs_names) {
        return outcome(state.sync_names(), ffi::SQLITE_IOERR_DIR_FSYNC);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, answer: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: SQLite asks about an open file and gives a place for the answer.
    let handle = unsafe { handle(file) };
    let bytes = handle.disk.state().content(handle.file).len();
    // SAFETY: as above.
    unsafe { *answer = i64::try_from(bytes).unwrap_or(i64::MAX) };
    ffi::SQLITE_OK
}

fn level(level: c_int) -> Level {
    match level {
        ffi::SQLITE_LOCK_SHARED => Level::Shared,
        ffi::SQLITE_LOCK_RESERVED => Level::Reserved,
        ffi::SQLITE_LOCK_PENDING => Level::Pending,
        ffi::SQLITE_LOCK_EXCLUSIVE => Level::Exclusive,
        _ => Level::None,
    }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: SQLite locks an open file.
    let handle = unsafe { handle(file) };
    let granted = handle.disk.state().set_level(handle.file, handle.number, level(wanted));
    if granted { ffi::SQLITE_OK } else { ffi::SQLITE_BUSY }
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: SQLite unlocks an open file.
    let handle = unsafe { handle(file) };
    handle.disk.state().set_level(handle.file, handle.number, level(wanted));
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, answer: *mut c_int) -> c_int {
    // SAFETY: SQLite asks about an open file and gives a place for the answer.
    let handle = unsafe { handle(file) };
    let reserved = handle.disk.state().is_reserved(handle.file);
    // SAFETY: as above.
    unsafe { *answer = c_int::from(reserved) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_file: *mut ffi::sqlite3_file, _what: c_int, _with: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    SECTOR_BYTES_TOLD
}

unsafe extern "C" fn device_characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    // What SQLite assumes on Unix: a write that is cut off harms no byte outside of it.
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    bytes: c_int,
    make: c_int,
    answer: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite maps for an open file and gives a place for the answer.
    let handle = unsafe { handle(file) };
    let mut state = handle.disk.state();
    let memory = state.shared.entry(handle.file).or_default();
    let (region, bytes) = (index(i64::from(region)), index(i64::from(bytes)));
    let at = memory.map(handle.number, region, bytes, make != 0);
    // SAFETY: as above.
    unsafe { *answer = at.map_or(ptr::null_mut(), |at| at.as_ptr().cast()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: SQLite locks for an open file.
    let handle = unsafe { handle(file) };
    let first = index(i64::from(first));
    let slots = first..first + index(i64::from(count));
    let mut state = handle.disk.state();
    let memory = state.shared.entry(handle.file).or_default();
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        memory.unlock(handle.number, slots);
        return ffi::SQLITE_OK;
    }
    let granted = memory.lock(handle.number, slots, flags & ffi::SQLITE_SHM_EXCLUSIVE != 0);
    if granted { ffi::SQLITE_OK } else { ffi::SQLITE_BUSY }
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    // SAFETY: SQLite asks for an open file.
    let handle = unsafe { handle(file) };
    fence(Ordering::SeqCst);
    drop(handle.disk.state());
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _remove: c_int) -> c_int {
    // SAFETY: SQLite unmaps for an open file.
    let handle = unsafe { handle(file) };
    let mut state = handle.disk.state();
    if state.shared.get_mut(&handle.file).is_some_and(|memory| memory.leave(handle.number)) {
        state.shared.remove(&handle.file);
    }
    ffi::SQLITE_OK
}
