//! The cases of the conformance corpus against a real server, without the daemon: structures from
//! the catalog, rows from COPY and from pgoutput, schema text and values as the reference's.
//!
//! Needs `WALBROOK_TEST_PG18` (and `WALBROOK_TEST_PG15`) and `../shared/conformance`; says so and
//! passes where they are missing.

#[cfg(test)]
mod avro;
#[cfg(test)]
mod case;
#[cfg(test)]
mod compare;
#[cfg(test)]
mod server;

#[cfg(test)]
mod tests {
    use crate::case::Case;
    use crate::compare::Report;
    use crate::server::Server;

    /// Every case that is about structures and values alone.
    const CASES: [&str; 27] = [
        "basics",
        "keys",
        "defaults",
        "names",
        "replica_identity",
        "schema_change",
        "toast",
        "toast_types",
        "types_arrays",
        "types_binary_base64",
        "types_numeric",
        "types_numeric_double",
        "types_numeric_nan",
        "types_numeric_negscale",
        "types_numeric_string",
        "types_numeric_trailing",
        "types_other",
        "types_other_unknown",
        "types_text",
        "types_text_alt",
        "types_time",
        "types_time_adaptive_time_microseconds",
        "types_time_connect",
        "types_time_extremes",
        "types_time_isostring",
        "types_time_microseconds",
        "types_time_nanoseconds",
    ];
    /// What an older server can do too.
    const OLDER: [&str; 6] =
        ["basics", "keys", "types_numeric", "types_text", "types_time", "types_arrays"];

    async fn run(variable: &str, cases: &[&str]) {
        let (Some(server), Some(folder)) = (Server::from_env(variable), Case::folder()) else {
            println!("skipped because {variable} or the conformance corpus is missing");
            return;
        };
        let mut failed = Vec::new();
        for name in cases {
            let case = Case::read(&folder, name);
            let mut report = Report::new(&case);
            server.run(&case, &mut report).await;
            println!("{}", report.summary());
            for line in report.lines() {
                println!("  {line}");
            }
            if report.differs() {
                failed.push(*name);
            }
        }
        assert!(failed.is_empty(), "cases that differ: {failed:?}");
    }

    #[tokio::test]
    async fn every_case_is_as_the_reference_writes_it() {
        run("WALBROOK_TEST_PG18", &CASES).await;
    }

    #[tokio::test]
    async fn an_older_server_gives_the_same() {
        run("WALBROOK_TEST_PG15", &OLDER).await;
    }
}
