//! The machine over the twin: whatever goes wrong, each record is committed once and in order.

use super::*;
use crate::codes;
use crate::port::PortError;
use crate::testing::{deliver, position, take};
use proptest::prelude::*;
use walbrook_core::error::{Class, Error};
use walbrook_core::sink::Command;

const TOPIC: &str = "t";

fn names() -> Names {
    Names { connector: "shop".into(), topic_prefix: "p".into() }
}

fn broker() -> Shared {
    let broker = Shared::default();
    lock(&broker).create(TOPIC, 1);
    broker
}

fn announce(machine: &mut Machine<Producer>) -> Result<()> {
    let topic = Command::Topic { id: 0, name: TOPIC.into(), max_bytes: 1000 };
    machine.command(&topic).map(|_| ())
}

/// What a read_committed consumer sees: the numbers that the records hold.
fn seen(broker: &Shared) -> Vec<u64> {
    let broker = lock(broker);
    let number = |r: &&Stored| take(r.value.as_deref().unwrap());
    broker.committed(TOPIC, 0, 0).iter().map(number).collect()
}

/// Delivers `from..to` in steps, as the pipeline does, until the first error.
fn run(broker: &Shared, instance: &str, to: u64, step: u64) -> Result<()> {
    let (mut machine, checkpoint) = open(broker, "c", names(), instance)?;
    announce(&mut machine)?;
    let mut next = position(&checkpoint);
    while next < to {
        // Every second delivery has records behind its cut, which open the next transaction.
        let cut = (next + step).min(to);
        let ahead = (cut + step / 2).min(to);
        machine.command(&Command::Deliver(deliver(next..ahead, Some((cut, cut)))))?;
        machine.command(&Command::Deliver(deliver(0..0, Some((0, ahead)))))?;
        next = ahead;
    }
    machine.finish();
    Ok(())
}

#[test]
fn records_become_visible_with_their_checkpoint() {
    let broker = broker();
    let (mut machine, checkpoint) = open(&broker, "c", names(), "a").unwrap();
    assert_eq!(position(&checkpoint), 0);
    announce(&mut machine).unwrap();
    assert_eq!(machine.command(&Command::Deliver(deliver(0..3, None))), Ok(None));
    assert_eq!(seen(&broker), [0; 0]);
    let receipt = machine.command(&Command::Deliver(deliver(3..5, Some((4, 4))))).unwrap().unwrap();
    assert_eq!((receipt.cut, receipt.records), (1, 4));
    assert_eq!(seen(&broker), [0, 1, 2, 3]);
    machine.finish();
    let again = load(&broker, "c", "shop").unwrap();
    assert_eq!(position(&again), 4);
    assert_eq!(seen(&broker), [0, 1, 2, 3], "what was open is aborted");
}

#[test]
fn a_second_instance_fences_the_first_and_owns_the_connector() {
    let broker = broker();
    let (mut first, _) = open(&broker, "c", names(), "a").unwrap();
    announce(&mut first).unwrap();
    first.command(&Command::Deliver(deliver(0..2, None))).unwrap();
    let (mut second, checkpoint) = open(&broker, "c", names(), "b").unwrap();
    assert_eq!(checkpoint::owner(&checkpoint).unwrap().unwrap().generation, 2);
    let error = first.command(&Command::Deliver(deliver(2..3, Some((3, 3))))).unwrap_err();
    assert_eq!((error.class, error.code), (Class::Fenced, codes::FENCED));
    let verdict = checkpoint::still_ours(&load(&broker, "c", "shop").unwrap(), "a");
    assert_eq!(verdict.unwrap_err().class, Class::Fenced);
    announce(&mut second).unwrap();
    second.command(&Command::Deliver(deliver(0..3, Some((3, 3))))).unwrap();
    assert_eq!(seen(&broker), [0, 1, 2]);
}

#[test]
fn an_own_timeout_looks_like_a_fence_and_the_owner_may_go_on() {
    let broker = broker();
    let (mut machine, _) = open(&broker, "c", names(), "a").unwrap();
    announce(&mut machine).unwrap();
    machine.command(&Command::Deliver(deliver(0..2, None))).unwrap();
    lock(&broker).time_out("c-shop");
    let error = machine.command(&Command::Deliver(deliver(2..3, Some((3, 3))))).unwrap_err();
    assert_eq!(error.class, Class::Fenced);
    assert_eq!(checkpoint::still_ours(&load(&broker, "c", "shop").unwrap(), "a"), Ok(()));
    run(&broker, "a", 3, 1).unwrap();
    assert_eq!(seen(&broker), [0, 1, 2]);
}

#[test]
fn a_record_over_the_limit_is_seen_before_it_is_sent() {
    let broker = broker();
    let (mut machine, _) = open(&broker, "c", names(), "a").unwrap();
    machine.command(&Command::Topic { id: 0, name: TOPIC.into(), max_bytes: 90 }).unwrap();
    let error = machine.command(&Command::Deliver(deliver(0..1, None))).unwrap_err();
    assert_eq!((error.class, error.code), (Class::Poison, codes::TOO_LARGE));
    assert!(error.message.contains("\"t\" has 113 bytes; the topic allows 90"), "{error}");
    assert_eq!(
        machine.command(&Command::Deliver(deliver(0..1, None))).unwrap_err().class,
        Class::Transient,
        "after an error the machine does nothing"
    );
}

#[test]
fn an_unclear_commit_is_asked_again_until_it_is_clear() {
    for (fault, told) in [
        (Fault::After(PortError::Unclear("t".into())), true),
        (Fault::Before(PortError::Unclear("t".into())), true),
        (Fault::Lost { done: true }, false),
        (Fault::Lost { done: false }, false),
    ] {
        let done = fault != Fault::Lost { done: false };
        let broker = broker();
        let (mut machine, _) = open(&broker, "c", names(), "a").unwrap();
        announce(&mut machine).unwrap();
        machine.command(&Command::Deliver(deliver(0..2, None))).unwrap();
        // Checkpoint first, then the commit.
        let commit = lock(&broker).calls() + 2;
        lock(&broker).fault(commit, fault);
        let answer = machine.command(&Command::Deliver(deliver(0..0, Some((0, 2)))));
        assert_eq!(answer.is_ok(), told);
        if let Err(error) = answer {
            assert_eq!((error.class, error.code), (Class::Transient, codes::UNCLEAR));
        }
        // Whoever comes next ends what was left open, and knows.
        let (_, checkpoint) = open(&broker, "c", names(), "a").unwrap();
        let delivered = if done { 2 } else { 0 };
        assert_eq!((position(&checkpoint), seen(&broker).len() as u64), (delivered, delivered));
    }
}

#[test]
fn an_open_transaction_of_another_hides_no_committed_checkpoint() {
    let broker = broker();
    run(&broker, "a", 10, 3).unwrap();
    let (mut hanging, _) = open(&broker, "c", names(), "a").unwrap();
    announce(&mut hanging).unwrap();
    hanging.command(&Command::Deliver(deliver(10..12, None))).unwrap();
    let (_, checkpoint) = open(&broker, "c", names(), "b").unwrap();
    assert_eq!(position(&checkpoint), 10);
}

fn settle(broker: &Shared, to: u64, step: u64) -> Vec<Error> {
    let mut errors = Vec::new();
    for attempt in 0.. {
        assert!(attempt < 10_000, "it never ends: {errors:?}");
        match run(broker, "a", to, step) {
            Ok(()) => break,
            Err(error) if error.class == Class::Fenced => {
                let allowed = load(broker, "c", "shop").unwrap();
                // Before the first owner record nobody can say who owns the connector.
                if position(&allowed) > 0 {
                    checkpoint::still_ours(&allowed, "a").unwrap();
                }
                errors.push(error);
            }
            Err(error) => errors.push(error),
        }
    }
    errors
}

proptest! {
    #[test]
    fn faults_lose_nothing_and_double_nothing(
        seed: u64, one_in in 2u64..40, to in 1u64..60, step in 1u64..9,
    ) {
        let broker = broker();
        lock(&broker).scatter(seed, one_in);
        settle(&broker, to, step);
        prop_assert_eq!(seen(&broker), (0..to).collect::<Vec<_>>());
        lock(&broker).scatter(0, 0);
        prop_assert_eq!(position(&load(&broker, "c", "shop").unwrap()), to);
    }

    #[test]
    fn the_same_seed_gives_the_same_broker(seed: u64) {
        let once = || {
            let broker = broker();
            lock(&broker).scatter(seed, 5);
            let errors = settle(&broker, 30, 4);
            let text = format!("{:?}", lock(&broker));
            (text, errors)
        };
        prop_assert_eq!(once(), once());
    }
}
