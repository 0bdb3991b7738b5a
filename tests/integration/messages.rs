//! Logical messages under load and `kill -9`: in transactions that commit, in ones that do not, and in
//! none; some of them are events of an outbox.
//!
//! ```text
//!              ┌▶ rows ───────────────────┐            ┌▶ changes
//!  writers ────┼▶ notes, each its prefix ─┼▶ walbrook ─┼▶ <prefix>.message
//!   (what they  └▶ events, prefix `event` ─┘            └▶ topics that they name
//!    know is told is the judge)
//! ```

mod load;

use crate::support::chance::{Chance, seed};
use crate::support::consumer::Follower;
use crate::support::daemon::{Config, text};
use crate::support::stack::{Server, Use, scale, seconds, wait};
use crate::support::world::{self, World};
use load::{LANES, Load, Sent};
use std::time::Duration;

/// What the topics of the events begin with; the follower of the others does not see them.
fn prefix(world: &World) -> String {
    format!("{}-events.", world.name())
}

fn config(world: &World) -> Config {
    let mut config = world.config(&["business"]);
    config.key("messages", "[\"note*\"]");
    config.key("exclude_messages", "[\"note-unwanted\"]");
    let section = format!("connectors.{}.outbox", config.connector);
    for (key, value) in [
        ("messages", text("event")),
        ("route_to", text(&format!("{}${{routedByValue}}", prefix(world)))),
        ("key_format", text("text")),
        ("value_format", text("raw")),
    ] {
        config.set(&section, key, value);
    }
    config
}

/// What is visible, each kind in the order of its topic.
#[derive(Debug, Default)]
struct Told {
    notes: Vec<String>,
    events: Vec<String>,
    rows: Vec<String>,
}

impl Told {
    async fn now(world: &World, follower: &Follower) -> Self {
        let events = crate::support::events::read(prefix(world)).await;
        let seen = follower.seen();
        let keys = |table: &'static str, column: &'static str| {
            let of = seen.iter().filter(move |one| &*one.table == table);
            of.map(|one| one.key.as_ref().unwrap().get(column).unwrap().to_owned()).collect()
        };
        let header = |event: &crate::support::events::Event| event.header("id").unwrap().to_owned();
        let (notes, rows) = (keys("message", "prefix"), keys("business", "id"));
        Self { notes, events: events.iter().map(header).collect(), rows }
    }

    fn count(&self) -> usize {
        self.notes.len() + self.events.len() + self.rows.len()
    }
}

async fn killed_under_load(world: World) {
    let (db, mut chance) = (world.database(), Chance::new(seed("messages")));
    load::prepare(db).await;
    let (config, follower) = (config(&world), world.follower());
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    let load = Load::start(db, chance.bits());
    let mut behind = Vec::new();
    for turn in 0..scale(4, 40) {
        // Every second time it may be hit while it starts.
        if turn % 2 == 0 {
            let before = behind.last().copied().unwrap_or(0);
            let more = async || (Told::now(&world, &follower).await.count() > before).then_some(());
            wait("messages behind the last kill", seconds(30), more).await;
        }
        tokio::time::sleep(Duration::from_millis(200 + chance.below(1000))).await;
        daemon.kill();
        behind.push(Told::now(&world, &follower).await.count());
        daemon = world.daemon(&config);
    }
    daemon.streaming().await;
    tokio::time::sleep(seconds(1)).await;
    let sent = load.stop().await;
    let all = sent.iter().map(Vec::len).sum::<usize>();
    let drained = async || (Told::now(&world, &follower).await.count() >= all).then_some(());
    wait("every message", seconds(60), drained).await;
    follower.quiet(seconds(1)).await;
    let told = Told::now(&world, &follower).await;
    println!("  {}: killed behind {behind:?} of {all}", world.name());
    judge(&sent, &told);
    let (exit, _) = daemon.terminate(seconds(10)).await;
    assert!(exit.success(), "{exit}");
}

/// Everything that was sent is told once, of each lane in its order, and nothing else.
fn judge(sent: &[Vec<Sent>], told: &Told) {
    for lane in 0..LANES {
        let sent = &sent[lane as usize];
        for (what, found) in [
            (Sent::note as fn(&Sent) -> _, &told.notes),
            (Sent::event, &told.events),
            (Sent::row, &told.rows),
        ] {
            let wanted: Vec<String> = sent.iter().filter_map(what).collect();
            let found: Vec<&String> = found.iter().filter(|one| load::lane(one) == lane).collect();
            assert!(wanted.len() > 30, "a load of every kind");
            let place = wanted.iter().zip(&found).position(|(wanted, found)| wanted != *found);
            let place = place.unwrap_or(wanted.len().min(found.len()));
            let (wanted, found) = (wanted.get(place), found.get(place));
            assert_eq!(wanted, found.copied(), "lost, repeated or out of order at {place}");
        }
    }
}

#[test]
fn notices() {
    let kinds = [Sent::Note, Sent::Event, Sent::Row];
    let sent: Vec<Vec<Sent>> =
        (0..LANES).map(|l| (0..120).map(|n| kinds[n as usize % 3](l, n)).collect()).collect();
    let told = || {
        let all =
            |what: fn(&Sent) -> Option<String>| sent.iter().flatten().filter_map(what).collect();
        Told { notes: all(Sent::note), events: all(Sent::event), rows: all(Sent::row) }
    };
    let fails = |spoil: fn(&mut Told)| {
        let mut told = told();
        spoil(&mut told);
        std::panic::catch_unwind(|| judge(&sent, &told)).is_err()
    };
    assert!(!fails(|_| ()), "the truth");
    assert!(fails(|told| _ = told.notes.remove(5)), "a message is lost");
    assert!(fails(|told| _ = told.rows.pop()), "the last row is lost");
    assert!(fails(|told| told.events.push(told.events[3].clone())), "an event comes twice");
    assert!(fails(|told| told.notes.swap(3, 4)), "messages change places");
}

#[test]
fn killed_under_load_pg15() {
    world::run(Server::Pg15, Use::Share, "msg15", killed_under_load);
}

#[test]
fn killed_under_load_pg18() {
    world::run(Server::Pg18, Use::Share, "msg18", killed_under_load);
}
