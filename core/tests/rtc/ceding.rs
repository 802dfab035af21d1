//! A port that passes from one switchboard to the next, as it does from one process to the next.

use std::io::ErrorKind;

use super::*;

fn at(bind: SocketAddr) -> io::Result<Switchboard> {
    Switchboard::start(&Settings {
        bind,
        public: None,
        peers: 3,
    })
}

/// Waits until the next one can be started at `address`, while `callers` go on.
fn successor(address: SocketAddr, callers: &mut [Caller]) -> Switchboard {
    let mut next = None;
    together(callers, "the port", |_| {
        next = next.take().or_else(|| at(address).ok());
        next.is_some()
    });
    next.unwrap()
}

/// All of them go on until each is `done`.
fn together(callers: &mut [Caller], what: &str, mut done: impl FnMut(&mut Caller) -> bool) {
    let (first, others) = callers.split_first_mut().unwrap();
    first.until(what, |first| {
        others.iter_mut().for_each(Caller::step);
        done(first) && others.iter_mut().all(&mut done)
    });
}

/// A second of pictures and an answer for each: packets go both ways.
fn go_on(callers: &mut [Caller]) {
    together(callers, "channels", |caller| caller.open);
    for caller in callers.iter_mut() {
        caller.pictures.clear();
        caller.events.clear();
        caller.say(r#"{"type":"status"}"#);
    }
    together(callers, "pictures and answers", |caller| {
        caller.pictures.len() >= 25 && !caller.events.is_empty()
    });
}

fn passes_on(tcp: bool) {
    let mut boards = vec![switchboard()];
    let address = boards[0].address();
    let mut shows = Vec::new();
    let mut callers = Vec::new();
    for _ in 0..3 {
        let board = boards.last().unwrap();
        let broadcast = board.broadcast(800_000);
        shows.push(Show::of(&broadcast));
        callers.push(call(board, &broadcast, tcp).caller);
        go_on(&mut callers);
        let refused = at(address).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AddrInUse);
        board.cede();
        boards.push(successor(address, &mut callers));
        go_on(&mut callers);
    }
}

#[test]
fn who_joins_afterwards_is_given_another_port() {
    let board = switchboard();
    let address = board.address();
    let broadcast = board.broadcast(800_000);
    let _show = Show::of(&broadcast);
    let mut callers = vec![call(&board, &broadcast, false).caller];
    board.cede();
    let _next = successor(address, &mut callers);
    assert_ne!(board.address(), address);
    for tcp in [false, true] {
        callers.push(call(&board, &broadcast, tcp).caller);
    }
    go_on(&mut callers);
}

#[test]
fn a_port_passes_on_while_calls_over_udp_go_on() {
    passes_on(false);
}

#[test]
fn a_port_passes_on_while_calls_over_tcp_go_on() {
    passes_on(true);
}

#[test]
fn who_has_an_answer_is_still_connected_before_the_port_passes_on() {
    let board = switchboard();
    let address = board.address();
    let broadcast = board.broadcast(800_000);
    let _show = Show::of(&broadcast);
    let mut caller = Caller::new(None);
    let partner = Box::new(Listener::default());
    let offer = caller.offer();
    let answer = board.join(PeerId::generate(), &offer, &broadcast, partner);
    board.cede();
    while board.address() == address {
        thread::yield_now();
    }
    caller.accept(&answer.unwrap());
    let mut callers = [caller];
    let _next = successor(address, &mut callers);
    go_on(&mut callers);
}
