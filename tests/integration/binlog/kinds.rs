//! The ways in which a server can write its log: each gives the same records.

use crate::kills::{self, Run};
use crate::support::chance::{Chance, seed};
use crate::support::meanwhile::Meanwhile;
use crate::support::oracle::Allow;
use crate::support::stack::{self, Server, Use};
use crate::support::world::{self, World};

/// Random kills of a connector of its own, alone on the servers; `set` prepares the server.
pub fn kill_run(server: Server, name: &'static str, run: Run, set: impl AsyncFn(&World) + 'static) {
    let _turn = stack::turn(Use::Alone);
    let seed = seed(name);
    world::block_on(world::alone(server, name, move |world| async move {
        set(&world).await;
        kills::random_kills(world, Chance::new(seed), run).await;
    }));
}

/// Nothing special is set.
pub async fn as_it_is(_: &World) {}

/// The full run: rotations all the time, the server killed halfway, the broker too.
pub fn at_random(server: Server, name: &'static str) {
    let _turn = stack::turn(Use::Alone);
    let seed = seed(name);
    let run = Run { meanwhile: Meanwhile::Rotate, halfway: &["kill", "start"], ..Run::full() };
    world::block_on(async {
        let one = |world| kills::random_kills(world, Chance::new(seed), run);
        tokio::join!(world::alone(server, name, one), kills::broker_killed());
    });
}

/// Crash points on the way to the stream.
pub fn at_early_points(server: Server, name: &'static str) {
    let _turn = stack::turn(Use::Alone);
    let seed = seed(name);
    world::block_on(world::alone(server, name, |world| kills::early_points(world, seed)));
}

/// Crash points of the stream.
pub fn at_late_points(server: Server, name: &'static str) {
    let _turn = stack::turn(Use::Alone);
    let seed = seed(name);
    world::block_on(world::alone(server, name, |world| kills::late_points(world, seed)));
}

/// Columns come and go while the workload and the kills go on.
pub fn altered() -> Run {
    let allow = Allow { altered: true, ..Allow::INTERRUPTED };
    Run { meanwhile: Meanwhile::Alter, allow, ..Run::short() }
}

/// Images with nothing but what a change needs.
pub fn minimal() -> Run {
    let allow = Allow { minimal: true, ..Allow::INTERRUPTED };
    Run { session: "SET SESSION binlog_row_image = 'MINIMAL'", allow, ..Run::short() }
}
