//! The server.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Client, Setup};

/// A running server, and a client of it.
#[derive(Debug)]
pub struct Nginx {
    prefix: TempDir,
    port: u16,
    process: Option<Child>,
    client: Client,
    forgiven: Vec<String>,
}

impl Deref for Nginx {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

fn command(prefix: &Path) -> Command {
    let mut command = Command::new("nginx");
    command
        .arg("-p")
        .arg(prefix)
        .args(["-c", "nginx.conf", "-e", "error.log"])
        .env(
            "PATH",
            "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin",
        );
    command
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn lay_out(setup: &Setup, prefix: &Path, port: u16) {
    fs::create_dir_all(prefix.join("html")).unwrap();
    fs::write(prefix.join("nginx.conf"), setup.render(prefix, port)).unwrap();
}

impl Nginx {
    pub(crate) fn start(setup: &Setup) -> Self {
        let prefix = tempfile::tempdir().unwrap();
        let port = free_port();
        lay_out(setup, prefix.path(), port);
        let mut nginx = Self {
            client: Client::new(format!("http://127.0.0.1:{port}")),
            prefix,
            port,
            process: None,
            forgiven: Vec::new(),
        };
        nginx.launch();
        nginx
    }

    pub(crate) fn test(setup: &Setup) -> (bool, String) {
        let prefix = tempfile::tempdir().unwrap();
        lay_out(setup, prefix.path(), free_port());
        let output = command(prefix.path()).arg("-t").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), said)
    }

    fn launch(&mut self) {
        let process = command(self.prefix.path())
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx (Debian package nginx) is installed");
        self.process = Some(process);
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(
                Instant::now() < deadline,
                "nginx did not start:\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file in the server's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.prefix.path().join(name)
    }

    /// The error log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("error.log")).unwrap_or_default()
    }

    /// Process id of the master.
    pub fn master(&self) -> u32 {
        let pid = fs::read_to_string(self.path("nginx.pid")).unwrap();
        pid.trim().parse().unwrap()
    }

    /// Process ids of the children of the master that are workers, old and new.
    pub fn workers(&self) -> Vec<u32> {
        let master = self.master();
        let children = fs::read_to_string(format!("/proc/{master}/task/{master}/children"));
        children
            .unwrap_or_default()
            .split_whitespace()
            .map(|pid| pid.parse().unwrap())
            .filter(|pid| {
                let title = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                title.contains("worker process")
            })
            .collect()
    }

    /// `nginx -s reload` and so on.
    pub fn signal(&self, name: &str) {
        let status = command(self.prefix.path()).args(["-s", name]).status();
        assert!(status.unwrap().success(), "nginx -s {name}");
    }

    /// Writes another configuration, for the next reload or start.
    pub fn reconfigure(&self, setup: &Setup) {
        lay_out(setup, self.prefix.path(), self.port);
    }

    /// Quits gracefully and waits until the server is gone.
    pub fn quit(&mut self) {
        self.signal("quit");
        self.wait();
    }

    /// Waits until the server is gone.
    pub fn wait(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        let deadline = Instant::now() + Duration::from_secs(120);
        while process.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                let _ = process.kill();
                panic!("nginx did not quit:\n{}", self.log());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts again, after [`Self::quit`].
    pub fn restart(&mut self) {
        self.launch();
    }

    /// Lines of the error log that contain `words` do not count: the test provokes them.
    pub fn forgive(&mut self, words: &str) {
        self.forgiven.push(words.to_owned());
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- error.log\n{}", self.log());
            if let Some(mut process) = self.process.take() {
                let _ = command(self.prefix.path()).args(["-s", "stop"]).status();
                let _ = process.wait();
            }
            return;
        }
        if self.process.is_some() {
            self.signal("stop");
            self.wait();
        }
        for line in self.log().lines() {
            let bad = ["[alert]", "[crit]", "[emerg]", "panicked"];
            let forgiven = self.forgiven.iter().any(|words| line.contains(words));
            assert!(
                forgiven || !bad.iter().any(|word| line.contains(word)),
                "the error log says: {line}"
            );
        }
    }
}
