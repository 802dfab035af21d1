use proptest::prelude::*;

use super::*;

/// Frames are told apart by themselves here.
type Plain = Schedule<()>;

fn order(base: Instant, seat: u64, frame: u64, due: u64) -> Order<()> {
    Order {
        seat: SeatId(seat),
        frame,
        due: base + Duration::from_millis(due),
        of: (),
    }
}

fn names(batch: &[Order<()>]) -> Vec<(u64, u64)> {
    let name = |order: &Order<()>| (order.seat.0, order.frame);
    batch.iter().map(name).collect()
}

fn schedule(most: usize, seats: u64) -> Plain {
    let mut schedule = Plain::new(most);
    (0..seats).for_each(|seat| schedule.admit(SeatId(seat)));
    schedule
}

#[test]
fn the_earliest_deadline_of_all_sessions_comes_first() {
    let base = Instant::now();
    let mut schedule = schedule(3, 2);
    for (seat, frame, due) in [(0, 10, 40), (0, 11, 80), (1, 20, 10), (1, 21, 50)] {
        schedule.add(order(base, seat, frame, due));
    }
    assert_eq!(
        names(&schedule.take(Some(1e3))),
        [(1, 20), (0, 10), (1, 21)]
    );
    assert_eq!(names(&schedule.take(Some(1e3))), [(0, 11)]);
    assert!(schedule.is_empty() && schedule.take(None).is_empty());
}

#[test]
fn a_session_that_begins_comes_before_those_that_go_on() {
    let base = Instant::now();
    let mut schedule = schedule(64, 2);
    (10..40).for_each(|frame| schedule.add(order(base, 0, frame, frame)));
    (0..8).for_each(|frame| schedule.add(order(base, 1, frame, 1_000 + frame)));
    let first: Vec<_> = (0..FIRST).map(|frame| (1, frame)).collect();
    assert_eq!(names(&schedule.take(Some(1e3))), first);
    let rest = schedule.take(Some(1e3));
    assert_eq!(rest.len(), 33, "and the rest of it is as anybody's");
}

#[test]
fn while_sessions_begin_the_others_have_every_other_batch() {
    let base = Instant::now();
    let mut schedule = schedule(64, 20);
    (10..200).for_each(|frame| schedule.add(order(base, 0, frame, frame)));
    for seat in 1..20 {
        (0..FIRST).for_each(|frame| schedule.add(order(base, seat, frame, 0)));
    }
    let turns: Vec<bool> = (0..6)
        .map(|_| {
            let batch = schedule.take(Some(1e3));
            assert!(batch.len() <= START);
            batch.iter().all(|order| order.seat == SeatId(0))
        })
        .collect();
    assert_eq!(turns, [false, true, false, true, false, true]);
}

#[test]
fn a_slow_device_gets_small_batches() {
    let base = Instant::now();
    let mut schedule = schedule(64, 1);
    (10..200).for_each(|frame| schedule.add(order(base, 0, frame, frame)));
    assert_eq!(schedule.take(Some(2.0)).len(), LEAST);
    assert_eq!(schedule.take(Some(100.0)).len(), 20);
    assert_eq!(schedule.take(Some(1_000.0)).len(), 64);
    assert_eq!(schedule.take(None).len(), START);
}

#[test]
fn where_memory_is_short_batches_are_halved_down_to_one_and_grow_again() {
    let base = Instant::now();
    let mut schedule = schedule(8, 1);
    (10..300).for_each(|frame| schedule.add(order(base, 0, frame, frame)));
    for wanted in [8, 4, 2] {
        let batch = schedule.take(Some(1e3));
        assert_eq!(batch.len(), wanted);
        assert_eq!(schedule.halve(batch), None);
    }
    let batch = schedule.take(Some(1e3));
    let left = schedule.halve(batch).unwrap();
    assert_eq!(left.frame, 10, "the first is still the first");
    let sizes: Vec<usize> = (0..100)
        .map(|_| {
            let batch = schedule.take(Some(1e3));
            schedule.succeed();
            batch.len()
        })
        .collect();
    assert_eq!(sizes[0], 1);
    assert!(sizes.is_sorted() || sizes.contains(&8), "{sizes:?}");
}

#[derive(Debug, Clone)]
enum Step {
    Admit(u64),
    Order(u64, u64, u64),
    Skip(u64, u64),
    Dismiss(u64),
    Take,
    Halve,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0_u64..6).prop_map(Step::Admit),
        (0_u64..6, 0_u64..30, 0_u64..1_000).prop_map(|(a, b, c)| Step::Order(a, b, c)),
        (0_u64..6, 0_u64..30, 0_u64..1_000).prop_map(|(a, b, c)| Step::Order(a, b, c)),
        (0_u64..6, 0_u64..30, 0_u64..1_000).prop_map(|(a, b, c)| Step::Order(a, b, c)),
        (0_u64..6, 0_u64..30).prop_map(|(a, b)| Step::Skip(a, b)),
        (0_u64..6).prop_map(Step::Dismiss),
        Just(Step::Take),
        Just(Step::Halve),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_rules_hold(
        most in 1_usize..20,
        rate in proptest::option::of(0.0_f64..1_000.0),
        steps in proptest::collection::vec(step(), 0..200),
    ) {
        let base = Instant::now();
        let mut schedule = Plain::new(most);
        // What should be ordered, as plainly as can be: frames by seat.
        let mut seats: HashMap<u64, BTreeMap<u64, u64>> = HashMap::new();
        let mut skipped: HashMap<u64, u64> = HashMap::new();
        let mut others_waited = 0;
        for step in steps {
            match step {
                Step::Admit(seat) => {
                    schedule.admit(SeatId(seat));
                    seats.entry(seat).or_default();
                }
                Step::Order(seat, frame, due) => {
                    schedule.add(order(base, seat, frame, due));
                    let from = skipped.get(&seat).copied().unwrap_or(0);
                    if let Some(frames) = seats.get_mut(&seat).filter(|_| frame >= from) {
                        frames.insert(frame, due);
                    }
                }
                Step::Skip(seat, frame) => {
                    schedule.skip(SeatId(seat), frame);
                    if let Some(frames) = seats.get_mut(&seat) {
                        *frames = frames.split_off(&frame);
                        let from = skipped.entry(seat).or_default();
                        *from = frame.max(*from);
                    }
                }
                Step::Dismiss(seat) => {
                    schedule.dismiss(SeatId(seat));
                    seats.remove(&seat);
                    skipped.remove(&seat);
                }
                Step::Take | Step::Halve => {
                    let waiting = |first: bool| -> Vec<(u64, u64, u64)> {
                        let mut all: Vec<_> = seats
                            .iter()
                            .flat_map(|(seat, frames)| {
                                frames.iter().map(move |(frame, due)| (*due, *seat, *frame))
                            })
                            .filter(|(_, _, frame)| (*frame < FIRST) == first)
                            .collect();
                        all.sort_unstable();
                        all
                    };
                    let (firsts, others) = (waiting(true), waiting(false));
                    let batch = schedule.take(rate);
                    prop_assert!(batch.len() <= most);
                    prop_assert_eq!(batch.is_empty(), firsts.is_empty() && others.is_empty());
                    let found: Vec<_> = batch
                        .iter()
                        .map(|order| (order.due.duration_since(base).as_millis() as u64, order.seat.0, order.frame))
                        .collect();
                    let of_firsts = firsts.get(..found.len()) == Some(&found[..]);
                    let of_others = others.get(..found.len()) == Some(&found[..]);
                    prop_assert!(of_firsts || of_others, "{:?} of {:?} and {:?}", found, firsts, others);
                    if !batch.is_empty() && !of_others && !others.is_empty() {
                        others_waited += 1;
                    } else {
                        others_waited = 0;
                    }
                    prop_assert!(others_waited <= 1, "others starve");
                    if !firsts.is_empty() && of_others && !of_firsts {
                        prop_assert!(batch.len() <= START, "who begins waits for a large batch");
                    }
                    if matches!(step, Step::Halve) && batch.len() > 1 {
                        prop_assert_eq!(schedule.halve(batch), None);
                    } else {
                        for (_, seat, frame) in found {
                            seats.get_mut(&seat).map(|frames| frames.remove(&frame));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_was_dismissed_never_comes_back(count in 2_u64..30) {
        let base = Instant::now();
        let mut schedule = schedule(32, 2);
        for frame in 0..count {
            schedule.add(order(base, frame % 2, 100 + frame, frame));
        }
        let batch = schedule.take(Some(1e3));
        schedule.dismiss(SeatId(1));
        schedule.skip(SeatId(0), 104);
        schedule.halve(batch);
        while !schedule.is_empty() {
            let wanted = |order: &Order<()>| order.seat == SeatId(0) && order.frame >= 104;
            prop_assert!(schedule.take(None).iter().all(wanted));
        }
    }
}
