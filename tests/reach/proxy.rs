//! A server of somebody else's: in a folder of its own, on a free port, without rights, until dropped.

use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use ringside::live::cors::LISTEN;

/// Where packages put servers that users are not expected to start themselves.
const SERVERS: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

pub(crate) struct Proxy {
    process: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
}

impl Proxy {
    /// Starts `program`, which `make` installs; `command` gets its command line started, and knows folder and port.
    pub(crate) fn start(program: &str, test: &str, command: impl Fn(&mut Command, &Path, u16)) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(SERVERS.iter().map(PathBuf::from));
        let binary = folders.map(|folder| folder.join(program)).find(|binary| binary.is_file());
        let binary = binary
            .unwrap_or_else(|| panic!("{program} is missing: `make {program}` installs it, or says how"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{program}-{test}"));
        std::fs::create_dir_all(&folder).unwrap();
        // Somebody else may take the port in between.
        let tried = (0..5).find_map(|_| {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut start = Command::new(&binary);
            command(&mut start, &folder, port);
            let mut process = start.stdin(Stdio::null()).spawn().unwrap();
            let address = format!("127.0.0.1:{port}");
            while process.try_wait().unwrap().is_none() {
                if TcpStream::connect(&address).is_ok() {
                    return Some(Self { process, address });
                }
                thread::sleep(Duration::from_millis(10));
            }
            None
        });
        tried.unwrap_or_else(|| panic!("{program} does not start: see above, and {}", folder.display()))
    }
}

impl Proxy {
    /// Starts nginx with this inside `http { }`; [`LISTEN`] in it becomes the address.
    pub(crate) fn nginx(test: &str, http: &str) -> Self {
        Self::start("nginx", test, |command, folder, port| {
            let path = |name: &str| format!("\"{}/{name}\"", folder.display());
            let mut text = format!("daemon off;\nmaster_process off;\npid {};\n", path("pid"));
            let _ = write!(text, "error_log {};\nevents {{}}\nhttp {{\naccess_log off;\n", path("error.log"));
            for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
                let _ = writeln!(text, "{kind}_temp_path {};", path(kind));
            }
            let _ = write!(text, "{}\n}}\n", http.replace(LISTEN, &format!("127.0.0.1:{port}")));
            std::fs::write(folder.join("nginx.conf"), text).unwrap();
            let error_log = folder.join("error.log");
            command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf")).arg("-e").arg(error_log);
        })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
