//! What is proved on MariaDB 10.11.
//!
//! Modules are stages: `cargo test --test integration -- mariadb::killed::`.

use crate::binlog::{broken, drain, kinds, sequences, size, snapshot, text_keys, xa};
use crate::kills::Run;
use crate::support::meanwhile::Meanwhile;
use crate::support::oracle::Allow;
use crate::support::stack::{Server, Use};
use crate::support::world;
use crate::{bench, big, fencing, held, smoke, waits};

const SERVER: Server = Server::MariaDb;

/// What must work first.
mod calm {
    use super::*;

    #[test]
    fn one_table() {
        world::run(SERVER, Use::Share, "masmoke", smoke::one_table);
    }

    #[test]
    fn workload_keeps_its_books() {
        world::run(SERVER, Use::Alone, "mabooks", |w| smoke::books(w, Meanwhile::Nothing));
    }

    #[test]
    fn books_while_columns_come_and_go() {
        world::run(SERVER, Use::Share, "macolumns", |w| smoke::books(w, Meanwhile::Alter));
    }

    #[test]
    fn books_while_the_log_is_ahead_of_the_tables() {
        world::run(SERVER, Use::Alone, "maahead", async |w| {
            snapshot::withhold(&w).await;
            smoke::books(w, Meanwhile::Withhold).await;
        });
    }

    #[test]
    fn workload_without_faults() {
        world::run(SERVER, Use::Share, "macalm", |w| smoke::calm(w, "", Allow::NOTHING));
    }

    #[test]
    fn paused_under_load() {
        world::run(SERVER, Use::Share, "maheld", held::paused_under_load);
    }

    #[test]
    fn offsets() {
        world::run(SERVER, Use::Share, "maoffsets", held::offsets);
    }

    #[test]
    fn second_instance_fences_the_first() {
        world::run(SERVER, Use::Share, "mafence", fencing::second_instance);
    }
}

/// The daemon dies.
mod killed {
    use super::*;

    #[test]
    fn at_random() {
        kinds::at_random(SERVER, "makill");
    }

    #[test]
    fn at_every_early_point() {
        kinds::at_early_points(SERVER, "maearly");
    }

    #[test]
    fn at_every_late_point() {
        kinds::at_late_points(SERVER, "malate");
    }

    #[test]
    fn while_columns_come_and_go() {
        kinds::kill_run(SERVER, "maalter", kinds::altered(), kinds::as_it_is);
    }

    #[test]
    fn with_a_minimal_row_image() {
        kinds::kill_run(SERVER, "maminimal", kinds::minimal(), kinds::as_it_is);
    }

    #[test]
    fn with_compressed_events() {
        kinds::kill_run(SERVER, "mapacked", Run::short(), async |w| {
            w.global("log_bin_compress_min_len", "10").await;
            w.global("log_bin_compress", "1").await;
        });
    }
}

/// Servers go away and come back.
mod outage {
    use super::*;

    #[test]
    fn broker_away() {
        world::run(SERVER, Use::Alone, "manobroker", waits::no_broker);
    }

    #[test]
    fn registry_away() {
        world::run(SERVER, Use::Alone, "manoreg", waits::no_registry);
    }

    #[test]
    fn database_restarted() {
        world::run(SERVER, Use::Alone, "manodb", |w| waits::database_restarted(w, &["restart"]));
    }

    #[test]
    fn database_crashed() {
        world::run(SERVER, Use::Alone, "macrash", |w| {
            waits::database_restarted(w, &["kill", "start"])
        });
    }
}

/// The first reading of the tables.
mod first_reading {
    use super::*;

    #[test]
    fn under_write_load() {
        world::run(SERVER, Use::Share, "maload", |w| snapshot::under_load(w, Meanwhile::Nothing));
    }

    #[test]
    fn while_the_log_is_ahead_of_the_tables() {
        world::run(SERVER, Use::Alone, "masemi", snapshot::behind_the_log);
    }

    #[test]
    fn begun_before_a_transaction_is_executed() {
        world::run(SERVER, Use::Alone, "mabegun", snapshot::begun_before_it_is_executed);
    }

    #[test]
    fn keys_of_many_collations() {
        world::run(SERVER, Use::Share, "mawords", text_keys::read_under_load);
    }

    #[test]
    fn a_sequence_is_not_disturbed() {
        world::run(SERVER, Use::Share, "maseq", sequences::not_disturbed);
    }

    #[test]
    fn goes_on_after_a_kill_without_reading_again() {
        world::run(SERVER, Use::Share, "maresume", snapshot::without_select);
    }
}

/// Transactions in two phases.
mod two_phases {
    use super::*;

    #[test]
    fn rolled_back_and_committed() {
        world::run(SERVER, Use::Share, "maxa", xa::two_phases);
    }

    #[test]
    fn prepared_before_the_first_start() {
        world::run(SERVER, Use::Share, "maxaearly", xa::before_the_first_start);
    }
}

/// One sentence with code and fix.
mod broken_world {
    use super::*;

    #[test]
    fn wrong_password() {
        broken::world(SERVER, "mapassword", broken::wrong_password);
    }

    #[test]
    fn no_replication_right() {
        broken::world(SERVER, "manoright", broken::no_replication_right);
    }

    #[test]
    fn no_select_right() {
        broken::world(SERVER, "manoselect", broken::no_select_right);
    }

    #[test]
    fn wrong_kind_of_server() {
        broken::world(SERVER, "makind", broken::wrong_kind);
    }

    #[test]
    fn server_id_taken() {
        broken::world(SERVER, "maid", broken::server_id_taken);
    }

    #[test]
    fn another_server_under_the_same_name() {
        broken::world(SERVER, "maother", broken::another_server);
    }

    #[test]
    fn checkpoint_deleted() {
        broken::world(SERVER, "manocheck", broken::checkpoint_deleted);
    }

    #[test]
    fn log_purged() {
        broken::alone(SERVER, "mapurged", broken::purged);
    }

    #[test]
    fn no_log() {
        broken::world(SERVER, "manolog", |w| broken::options(w, "--skip-log-bin", "WB-MYSQL-030"));
    }

    #[test]
    fn log_of_statements() {
        broken::world(SERVER, "mastatement", |w| {
            broken::options(w, "--binlog-format=STATEMENT", "WB-MYSQL-031")
        });
    }
}

/// Figures.
mod figures {
    use super::*;

    #[test]
    fn latency() {
        world::run(SERVER, Use::Alone, "malatency", bench::latency);
    }

    #[test]
    fn one_row_transactions() {
        world::run(SERVER, Use::Alone, "maone", drain::one_row);
    }

    #[test]
    fn thousand_row_transactions() {
        world::run(SERVER, Use::Alone, "mathousand", drain::thousand_rows);
    }

    #[test]
    fn one_big_transaction() {
        world::run(SERVER, Use::Alone, "mabig", big::one_transaction);
    }

    #[test]
    fn one_big_compressed_transaction() {
        world::run(SERVER, Use::Alone, "mapacked", size::compressed);
    }
}
