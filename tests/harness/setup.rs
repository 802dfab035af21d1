//! How a server is to be configured.

use std::path::{Path, PathBuf};

use crate::Nginx;

/// A configuration in the making.
#[derive(Debug, Clone)]
pub struct Setup {
    workers: usize,
    http: String,
    server: String,
    location: String,
    data: Option<PathBuf>,
    plain: Option<PathBuf>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            workers: 1,
            http: String::new(),
            server: String::new(),
            location: String::new(),
            data: None,
            plain: None,
        }
    }
}

impl Setup {
    /// How many workers there are.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// More lines for the `http` block.
    pub fn http(mut self, lines: &str) -> Self {
        self.http.push_str(lines);
        self
    }

    /// More lines for the `server` block.
    pub fn server(mut self, lines: &str) -> Self {
        self.server.push_str(lines);
        self
    }

    /// More lines for the module's location.
    pub fn location(mut self, lines: &str) -> Self {
        self.location.push_str(lines);
        self
    }

    /// Keeps sessions in `directory` rather than in the server's own.
    pub fn data(mut self, directory: &Path) -> Self {
        self.data = Some(directory.to_owned());
        self
    }

    /// Leaves the module out, and serves the files of `sessions` as nginx alone would.
    pub fn without_module(mut self, sessions: &Path) -> Self {
        self.plain = Some(sessions.to_owned());
        self
    }

    /// Starts the server.
    pub fn start(self) -> Nginx {
        Nginx::start(&self)
    }

    /// What `nginx -t` says of this: whether it is accepted, and every word of why not.
    pub fn test(self) -> (bool, String) {
        Nginx::test(&self)
    }

    pub(crate) fn render(&self, prefix: &Path, port: u16) -> String {
        let Self {
            workers,
            http,
            server,
            location,
            data,
            plain,
        } = self;
        let data = data.clone().unwrap_or_else(|| prefix.join("data"));
        let (load, use_data, location) = match plain {
            None => (
                format!("load_module \"{}\";", module().display()),
                format!("avatar_data \"{}\";", data.display()),
                format!("location ~ ^/(api|stream|hls)/ {{ avatar on; {location} }}"),
            ),
            Some(sessions) => (
                String::new(),
                String::new(),
                format!(
                    "location /stream/ {{ alias \"{}/\"; {location} }}",
                    sessions.display()
                ),
            ),
        };
        // SAFETY: `geteuid` has no preconditions and cannot fail.
        let root = unsafe { libc::geteuid() } == 0;
        // The server's directory is the test's own, which only root and its owner may enter.
        let user = if root { "user root;" } else { "" };
        format!(
            r#"
{load}
daemon off;
{user}
worker_processes {workers};
pid nginx.pid;
error_log error.log info;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {use_data}
    {http}
    server {{
        listen 127.0.0.1:{port} reuseport;
        server_name localhost;
        root html;
        {server}
        {location}
    }}
}}
"#
        )
    }
}

/// The module to load: `AVATAR_MODULE`, or else the newest build.
pub fn module() -> PathBuf {
    if let Some(path) = std::env::var_os("AVATAR_MODULE") {
        return path.into();
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace.join("target"), PathBuf::from);
    ["release", "debug"]
        .into_iter()
        .map(|profile| target.join(profile).join("libngx_http_avatar_module.so"))
        .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
        .max()
        .and_then(|(_, path)| path.canonicalize().ok())
        .expect("the module is not built: run `make module` first")
}
