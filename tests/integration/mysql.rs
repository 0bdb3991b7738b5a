//! What is proved on MySQL 9.7.
//!
//! Modules are stages: `cargo test --test integration -- mysql::killed::`.

use crate::binlog::{broken, drain, kinds, size, snapshot, text_keys, xa};
use crate::kills::Run;
use crate::support::meanwhile::Meanwhile;
use crate::support::oracle::Allow;
use crate::support::stack::{Server, Use};
use crate::support::world;
use crate::{bench, big, fencing, held, smoke, waits};

const SERVER: Server = Server::MySql;

/// What must work first.
mod calm {
    use super::*;

    #[test]
    fn one_table() {
        world::run(SERVER, Use::Share, "mysmoke", smoke::one_table);
    }

    #[test]
    fn workload_keeps_its_books() {
        world::run(SERVER, Use::Alone, "mybooks", |w| smoke::books(w, Meanwhile::Nothing));
    }

    #[test]
    fn books_while_columns_come_and_go() {
        world::run(SERVER, Use::Share, "mycolumns", |w| smoke::books(w, Meanwhile::Alter));
    }

    #[test]
    fn books_while_the_log_is_ahead_of_the_tables() {
        world::run(SERVER, Use::Alone, "myahead", async |w| {
            snapshot::withhold(&w).await;
            smoke::books(w, Meanwhile::Withhold).await;
        });
    }

    #[test]
    fn workload_without_faults() {
        world::run(SERVER, Use::Share, "mycalm", |w| smoke::calm(w, "", Allow::NOTHING));
    }

    #[test]
    fn paused_under_load() {
        world::run(SERVER, Use::Share, "myheld", held::paused_under_load);
    }

    #[test]
    fn offsets() {
        world::run(SERVER, Use::Share, "myoffsets", held::offsets);
    }

    #[test]
    fn second_instance_fences_the_first() {
        world::run(SERVER, Use::Share, "myfence", fencing::second_instance);
    }
}

/// The daemon dies.
mod killed {
    use super::*;

    #[test]
    fn at_random() {
        kinds::at_random(SERVER, "mykill");
    }

    #[test]
    fn at_every_early_point() {
        kinds::at_early_points(SERVER, "myearly");
    }

    #[test]
    fn at_every_late_point() {
        kinds::at_late_points(SERVER, "mylate");
    }

    #[test]
    fn while_columns_come_and_go() {
        kinds::kill_run(SERVER, "myalter", kinds::altered(), kinds::as_it_is);
    }

    #[test]
    fn with_a_minimal_row_image() {
        kinds::kill_run(SERVER, "myminimal", kinds::minimal(), kinds::as_it_is);
    }

    #[test]
    fn with_compressed_transactions() {
        let session = "SET SESSION binlog_transaction_compression = ON";
        let run = Run { session, ..Run::short() };
        kinds::kill_run(SERVER, "mypacked", run, kinds::as_it_is);
    }
}

/// Servers go away and come back.
mod outage {
    use super::*;

    #[test]
    fn broker_away() {
        world::run(SERVER, Use::Alone, "mynobroker", waits::no_broker);
    }

    #[test]
    fn registry_away() {
        world::run(SERVER, Use::Alone, "mynoreg", waits::no_registry);
    }

    #[test]
    fn database_restarted() {
        world::run(SERVER, Use::Alone, "mynodb", |w| waits::database_restarted(w, &["restart"]));
    }

    #[test]
    fn database_crashed() {
        world::run(SERVER, Use::Alone, "mycrash", |w| {
            waits::database_restarted(w, &["kill", "start"])
        });
    }
}

/// The first reading of the tables.
mod first_reading {
    use super::*;

    #[test]
    fn under_write_load() {
        world::run(SERVER, Use::Share, "myload", |w| snapshot::under_load(w, Meanwhile::Nothing));
    }

    #[test]
    fn while_the_log_is_ahead_of_the_tables() {
        world::run(SERVER, Use::Alone, "mysemi", snapshot::behind_the_log);
    }

    #[test]
    fn begun_before_a_transaction_is_executed() {
        world::run(SERVER, Use::Alone, "mybegun", snapshot::begun_before_it_is_executed);
    }

    #[test]
    fn keys_of_many_collations() {
        world::run(SERVER, Use::Share, "mywords", text_keys::read_under_load);
    }

    #[test]
    fn goes_on_after_a_kill_without_reading_again() {
        world::run(SERVER, Use::Share, "myresume", snapshot::without_select);
    }
}

/// Transactions in two phases.
mod two_phases {
    use super::*;

    #[test]
    fn rolled_back_and_committed() {
        world::run(SERVER, Use::Share, "myxa", xa::two_phases);
    }

    #[test]
    fn prepared_before_the_first_start() {
        world::run(SERVER, Use::Share, "myxaearly", xa::before_the_first_start);
    }
}

/// One sentence with code and fix.
mod broken_world {
    use super::*;

    #[test]
    fn wrong_password() {
        broken::world(SERVER, "mypassword", broken::wrong_password);
    }

    #[test]
    fn no_replication_right() {
        broken::world(SERVER, "mynoright", broken::no_replication_right);
    }

    #[test]
    fn no_select_right() {
        broken::world(SERVER, "mynoselect", broken::no_select_right);
    }

    #[test]
    fn wrong_kind_of_server() {
        broken::world(SERVER, "mykind", broken::wrong_kind);
    }

    #[test]
    fn server_id_taken() {
        broken::world(SERVER, "myid", broken::server_id_taken);
    }

    #[test]
    fn another_server_under_the_same_name() {
        broken::world(SERVER, "myother", broken::another_server);
    }

    #[test]
    fn checkpoint_deleted() {
        broken::world(SERVER, "mynocheck", broken::checkpoint_deleted);
    }

    #[test]
    fn log_purged() {
        broken::alone(SERVER, "mypurged", broken::purged);
    }

    #[test]
    fn no_log() {
        broken::world(SERVER, "mynolog", |w| broken::options(w, "--skip-log-bin", "WB-MYSQL-030"));
    }

    #[test]
    fn log_of_statements() {
        broken::world(SERVER, "mystatement", |w| {
            broken::options(w, "--binlog-format=STATEMENT", "WB-MYSQL-031")
        });
    }

    #[test]
    fn no_gtids() {
        broken::world(SERVER, "mynogtid", |w| {
            broken::options(w, "--gtid-mode=OFF --enforce-gtid-consistency=OFF", "WB-MYSQL-032")
        });
    }
}

/// Figures.
mod figures {
    use super::*;

    #[test]
    fn latency() {
        world::run(SERVER, Use::Alone, "mylatency", bench::latency);
    }

    #[test]
    fn one_row_transactions() {
        world::run(SERVER, Use::Alone, "myone", drain::one_row);
    }

    #[test]
    fn thousand_row_transactions() {
        world::run(SERVER, Use::Alone, "mythousand", drain::thousand_rows);
    }

    #[test]
    fn one_big_transaction() {
        world::run(SERVER, Use::Alone, "mybig", big::one_transaction);
    }

    #[test]
    fn one_big_compressed_transaction() {
        world::run(SERVER, Use::Alone, "mypacked", size::compressed);
    }
}
