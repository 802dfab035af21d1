//! The sockets that carry hints between the processes of one nginx.
//!
//! Each process listens at `<data>/hints/<pid>.sock`. The name is the process's, not its worker number's,
//! because old and new workers must reach each other across a reload.

use std::ffi::c_void;
use std::io;
use std::os::fd::IntoRawFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;

use avatar_core::session::{Bell, Hint};
use nginx_sys::{
    NGX_OK, ngx_close_connection, ngx_connection_t, ngx_cycle, ngx_event_t, ngx_get_connection,
    ngx_handle_read_event, ngx_int_t,
};

/// Bytes that a Unix socket's path may have (`sun_path`, without its final zero).
const MAX_PATH: usize = 107;

/// The longest data directory whose hint sockets can have a path.
pub(crate) const MAX_DATA: usize = MAX_PATH - "/hints/4294967295.sock".len();

fn path(data: &Path, pid: u32) -> PathBuf {
    data.join("hints").join(format!("{pid}.sock"))
}

/// Removes the sockets of processes that are gone without having done so themselves.
pub(crate) fn sweep(data: &Path, alive: fn(u32) -> bool) {
    let Ok(entries) = std::fs::read_dir(data.join("hints")) else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let pid = path
            .file_stem()
            .and_then(|stem| stem.to_str()?.parse().ok());
        if pid.is_some_and(|pid| !alive(pid)) {
            // One that stays is in nobody's way.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Sends hints.
#[derive(Debug)]
pub(crate) struct Sender {
    socket: UnixDatagram,
    data: PathBuf,
}

impl Sender {
    /// A sender to the processes that share `data`.
    pub(crate) fn new(data: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            data: data.to_owned(),
        })
    }

    /// Wakes process `pid` without a word: it has a look at its journal.
    pub(crate) fn nudge(&self, pid: u32) {
        // A process that is gone or too busy to listen looks for itself in time.
        let _ = self.socket.send_to(&[], path(&self.data, pid));
    }
}

impl Bell for Sender {
    fn ring(&self, pid: u32, hint: Hint) -> bool {
        let sent = self.socket.send_to(&hint.to_bytes(), path(&self.data, pid));
        // One that is gone needs no telling.
        !sent.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// What is called when something may have arrived, or, with `connection.close` set, when the worker is
/// asked to quit.
pub(crate) type Handler = unsafe extern "C" fn(*mut ngx_event_t);

/// This process's own socket, watched by the event loop.
#[derive(Debug)]
pub(crate) struct Receiver {
    connection: NonNull<ngx_connection_t>,
    path: PathBuf,
}

impl Receiver {
    /// Listens for hints to process `pid`.
    pub(crate) fn open(data: &Path, pid: u32, handler: Handler) -> io::Result<Self> {
        let path = path(data, pid);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let socket = UnixDatagram::bind(&path)?;
        socket.set_nonblocking(true)?;
        // SAFETY: the loop of this process runs, so its cycle and log are set.
        let log = unsafe { (*ngx_cycle).log };
        let fd = socket.into_raw_fd();
        // SAFETY: `fd` is an open descriptor that nobody else owns.
        let connection = NonNull::new(unsafe { ngx_get_connection(fd, log) });
        let Some(connection) = connection else {
            // SAFETY: nginx did not take the descriptor, so it is still ours.
            unsafe { libc::close(fd) };
            return Err(io::Error::other("worker_connections are not enough"));
        };
        let receiver = Self { connection, path };
        // SAFETY: nginx gave a connection with both events; it stays ours until it is closed in `drop`.
        let rc = unsafe {
            let connection = connection.as_ptr();
            (*connection).log = log;
            for event in [(*connection).read, (*connection).write] {
                (*event).log = log;
                // Not a client's: a graceful stop does not complain that it is still open.
                (*event).set_channel(1);
            }
            (*(*connection).read).handler = Some(handler);
            // nginx calls the handler of idle connections when the worker is asked to quit.
            (*connection).set_idle(1);
            ngx_handle_read_event((*connection).read, 0)
        };
        if rc != NGX_OK as ngx_int_t {
            return Err(io::Error::other("the event loop does not take the socket"));
        }
        Ok(receiver)
    }

    /// The next hint. An empty or foreign datagram is skipped.
    pub(crate) fn next(&self) -> Option<Hint> {
        loop {
            let mut bytes = [0_u8; Hint::LENGTH + 1];
            // SAFETY: the connection is open until `drop`, and the buffer is as long as said.
            let length = unsafe {
                libc::recv(
                    self.connection.as_ref().fd,
                    bytes.as_mut_ptr().cast::<c_void>(),
                    bytes.len(),
                    0,
                )
            };
            // Nothing there, or the call was interrupted: the loop will say so again.
            let length = usize::try_from(length).ok()?;
            if let Some(hint) = bytes.get(..length).and_then(Hint::from_bytes) {
                return Some(hint);
            }
        }
    }

    /// Whether nginx asks idle connections to go, which it does once, when the worker is asked to quit.
    pub(crate) fn asked_to_close(&self) -> bool {
        // SAFETY: the connection is ours until `drop`.
        unsafe { self.connection.as_ref().close() != 0 }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // SAFETY: the connection is open and ours; it is not used after this.
        unsafe { ngx_close_connection(self.connection.as_ptr()) };
        // It is in the way of nobody but a later process of the same number, which removes it itself.
        let _ = std::fs::remove_file(&self.path);
    }
}
