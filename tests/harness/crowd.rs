//! Many players who ask for the same at once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::Nginx;

/// Players, each with a connection that stays open.
#[derive(Debug)]
pub struct Crowd(Vec<BufReader<TcpStream>>);

/// What one player got.
#[derive(Debug, Clone)]
pub struct Got {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// When all of it was there.
    pub at: Instant,
}

impl Crowd {
    /// So many players of `nginx`.
    pub fn new(nginx: &Nginx, players: usize) -> Self {
        let connect = |_| {
            let stream = TcpStream::connect(("127.0.0.1", nginx.port())).unwrap();
            let patience = Some(Duration::from_secs(60));
            stream.set_read_timeout(patience).unwrap();
            BufReader::new(stream)
        };
        Self((0..players).map(connect).collect())
    }

    /// What each of them gets when all ask for `path` in the same moment.
    pub fn ask(&mut self, path: &str) -> Vec<Got> {
        let got = self.follow(&[path.to_owned()]);
        got.into_iter().flatten().collect()
    }

    /// What each of them gets when all begin in the same moment and ask for one of `paths` after the other.
    pub fn follow(&mut self, paths: &[String]) -> Vec<Vec<Got>> {
        thread::scope(|scope| {
            let players = self.0.iter_mut();
            let answers: Vec<_> = players
                .map(|player| {
                    ask(player, &paths[0]);
                    scope.spawn(|| {
                        let mut got = vec![receive(player)];
                        for path in &paths[1..] {
                            ask(player, path);
                            got.push(receive(player));
                        }
                        got
                    })
                })
                .collect();
            answers.into_iter().map(|got| got.join().unwrap()).collect()
        })
    }
}

fn ask(player: &mut BufReader<TcpStream>, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    player.get_mut().write_all(request.as_bytes()).unwrap();
}

fn receive(player: &mut BufReader<TcpStream>) -> Got {
    let mut line = String::new();
    player.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut length = None;
    loop {
        line.clear();
        player.read_line(&mut line).unwrap();
        let (name, value) = match line.trim_end().split_once(": ") {
            Some(field) => field,
            None => break,
        };
        if name.eq_ignore_ascii_case("Content-Length") {
            length = Some(value.parse().unwrap());
        }
    }
    let mut body = vec![0; length.expect("the answer says how long it is")];
    player.read_exact(&mut body).unwrap();
    Got {
        status,
        body,
        at: Instant::now(),
    }
}
