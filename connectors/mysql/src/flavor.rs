//! Which of the two servers it is: they share the row format and differ in nearly everything else.

use serde::{Deserialize, Serialize};

/// The kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flavor {
    /// MySQL and what is built from it (Percona Server, Aurora MySQL).
    MySql,
    /// MariaDB.
    MariaDb,
}

impl Flavor {
    /// Name of the connector as in `source.connector`: `mysql`, `mariadb`.
    pub fn connector(self) -> &'static str {
        match self {
            Flavor::MySql => "mysql",
            Flavor::MariaDb => "mariadb",
        }
    }
}
