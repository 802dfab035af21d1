//! What a test's nginx is like.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use crate::Nginx;
use crate::built::built;

/// A configuration in the making.
#[derive(Debug)]
pub struct Setup {
    module: bool,
    workers: usize,
    connections: usize,
    main: String,
    http: String,
    server: String,
    location: String,
    origin: String,
    reuse: String,
    video: String,
    http2: bool,
    files: Vec<(String, Vec<u8>)>,
    writable: Vec<String>,
    edge: Option<Edge>,
}

/// Where an edge finds what it needs.
#[derive(Debug)]
struct Edge {
    origin: u16,
    gate: u16,
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}

/// The module under test: `$AVATAR_MODULE`, or the newest that was built here.
fn module() -> PathBuf {
    if let Some(module) = std::env::var_os("AVATAR_MODULE") {
        return module.into();
    }
    built("libngx_http_avatar_module.so")
        .expect("no module is built: cargo build -p ngx_http_avatar_module")
}

impl Setup {
    /// One worker, one server, one location with the module, and every text made anew.
    pub fn new() -> Self {
        Self {
            module: true,
            workers: 1,
            connections: 256,
            main: String::new(),
            http: String::new(),
            server: String::new(),
            location: "avatar on;".to_owned(),
            origin: String::new(),
            reuse: "off".to_owned(),
            video: String::new(),
            http2: false,
            files: Vec::new(),
            writable: Vec::new(),
            edge: None,
        }
    }

    /// The edge of conf/edge.conf, in front of `origin`.
    pub fn edge(origin: &Nginx) -> Self {
        let mut edge = Self::new();
        edge.edge = Some(Edge {
            origin: origin.port(),
            gate: free_port(),
        });
        edge.file("tmp/.keep", "").file("cache/.keep", "")
    }

    /// So many worker processes.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// So many connections for each worker process.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// More for the top level.
    pub fn main(mut self, directives: &str) -> Self {
        self.main.push_str(directives);
        self
    }

    /// More for the `http` block.
    pub fn http(mut self, directives: &str) -> Self {
        self.http.push_str(directives);
        self
    }

    /// More for the `server` block.
    pub fn server(mut self, directives: &str) -> Self {
        self.server.push_str(directives);
        self
    }

    /// More for the one location.
    pub fn location(mut self, directives: &str) -> Self {
        self.location.push_str(directives);
        self
    }

    /// A location without the module.
    pub fn off(mut self) -> Self {
        self.location.clear();
        self
    }

    /// nginx without the module, serving the files of `sessions` by itself.
    pub fn without_module(mut self, sessions: &Path) -> Self {
        self.module = false;
        let location = format!("location /stream/ {{ alias {}/; }}", sessions.display());
        self.off().server(&location)
    }

    /// A second server behind the first, on the socket `origin.sock`, with one location.
    pub fn origin(mut self, directives: &str) -> Self {
        self.origin.push_str(directives);
        self
    }

    /// What `avatar_reuse` says.
    pub fn reuse(mut self, value: &str) -> Self {
        value.clone_into(&mut self.reuse);
        self
    }

    /// The directive `avatar_video`.
    pub fn video(mut self, directive: &str) -> Self {
        directive.clone_into(&mut self.video);
        self
    }

    /// Speaks HTTP/2 without TLS.
    pub fn http2(mut self) -> Self {
        self.http2 = true;
        self
    }

    /// A file in nginx's prefix.
    pub fn file(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.files.push((name.to_owned(), bytes.as_ref().to_vec()));
        self
    }

    /// An empty file in nginx's prefix that workers may write to.
    pub fn writable(mut self, name: &str) -> Self {
        self.writable.push(name.to_owned());
        self.file(name, "")
    }

    pub(crate) fn text(&self, port: u16) -> String {
        if let Some(edge) = &self.edge {
            return edge.text(port);
        }
        let Self {
            workers,
            connections,
            main,
            http,
            server,
            location,
            origin,
            reuse,
            video,
            http2,
            ..
        } = self;
        let (load, reuse) = match self.module {
            true => (
                format!("load_module {};", module().display()),
                format!("avatar_reuse {reuse};"),
            ),
            false => (String::new(), String::new()),
        };
        let reuseport = if *workers > 1 { " reuseport" } else { "" };
        let http2 = if *http2 { " http2" } else { "" };
        let origin = match origin.as_str() {
            "" => String::new(),
            _ => format!("server {{ listen unix:origin.sock; location / {{ {origin} }} }}"),
        };
        format!(
            "{load}
daemon off;
worker_processes {workers};
pid nginx.pid;
lock_file nginx.lock;
error_log error.log info;
{main}
events {{ worker_connections {connections}; }}
http {{
    log_format short '$status $pid $request';
    access_log access.log short;
    types {{ text/html html; }}
    default_type application/octet-stream;
    keepalive_timeout 5s;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {http}
    {reuse}
    {video}
    server {{
        listen 127.0.0.1:{port}{reuseport}{http2};
        root html;
        add_header X-Worker $pid always;
        {server}
        location / {{ {location} }}
    }}
    {origin}
}}
"
        )
    }

    /// Writes everything to a directory.
    pub(crate) fn lay_out(&self, port: u16) -> TempDir {
        let prefix = tempfile::Builder::new()
            .prefix("avatar-")
            .tempdir()
            .unwrap();
        // Started by root, the workers are somebody else.
        fs::set_permissions(prefix.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(prefix.path().join("html")).unwrap();
        for (name, bytes) in &self.files {
            let path = prefix.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        for name in &self.writable {
            let mode = fs::Permissions::from_mode(0o666);
            fs::set_permissions(prefix.path().join(name), mode).unwrap();
        }
        fs::write(prefix.path().join("nginx.conf"), self.text(port)).unwrap();
        prefix
    }

    /// Has nginx test the configuration.
    pub fn check(&self) -> Output {
        let prefix = self.lay_out(8080);
        self.check_in(&prefix)
    }

    /// Has nginx test the configuration in a directory of the test's.
    pub fn check_in(&self, prefix: &TempDir) -> Output {
        fs::write(prefix.path().join("nginx.conf"), self.text(8080)).unwrap();
        command(prefix).args(["-t"]).output().unwrap()
    }

    /// The complaint of an nginx that refuses the configuration.
    pub fn complaint(&self) -> String {
        let output = self.check();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "nginx accepts it:\n{said}");
        said
    }

    /// Starts nginx and waits until it answers.
    pub fn start(&self) -> Nginx {
        Nginx::start(self)
    }
}

impl Edge {
    fn text(&self, port: u16) -> String {
        let template = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../conf/edge.conf");
        fs::read_to_string(template)
            .unwrap()
            .replace("${NGINX_USER}", "")
            .replace("${EDGE_LISTEN}", &format!("127.0.0.1:{port}"))
            .replace("${EDGE_GATE}", &format!("127.0.0.1:{}", self.gate))
            .replace("${EDGE_ORIGIN}", &format!("127.0.0.1:{}", self.origin))
    }
}

/// nginx, told where its files are.
pub(crate) fn command(prefix: &TempDir) -> Command {
    let mut command = Command::new("nginx");
    command
        .arg("-p")
        .arg(prefix.path())
        .arg("-c")
        .arg(prefix.path().join("nginx.conf"))
        .args(["-e", "stderr"]);
    command
}

/// A port that nobody listens on just now, below those that clients are given (from 32768 on): a
/// client of another test must not take it before nginx does.
pub(crate) fn free_port() -> u16 {
    const PORTS: std::ops::Range<u32> = 16_000..32_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let place = std::process::id().wrapping_mul(61).wrapping_add(step);
        let port = PORTS.start + place % (PORTS.end - PORTS.start);
        let port = u16::try_from(port).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
