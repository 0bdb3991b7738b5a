//! What a statement means depends on the session and the server that ran it; the log tells most of it.

use crate::flavor::Flavor;

/// The circumstances in which a statement ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The kind of server.
    pub flavor: Flavor,
    /// Version as executable comments count it: 90704 is 9.7.4, 101119 is 10.11.19.
    pub version: u32,
    /// `sql_mode` of the session, a status variable of the QUERY event.
    pub sql_mode: SqlMode,
    /// `collation_server` of the session, what a new database gets without a CHARACTER SET.
    pub server_collation: String,
    /// `default_collation_for_utf8mb4` of the session, where the log tells it (MySQL 8.0 and newer).
    pub utf8mb4_collation: Option<String>,
    /// `explicit_defaults_for_timestamp`: without it TIMESTAMP columns are NOT NULL by themselves.
    pub explicit_timestamps: bool,
    /// Whether names of databases and tables differ by case (`lower_case_table_names` is 0).
    pub case_sensitive: bool,
}

/// `sql_mode` as the bits of the QUERY event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SqlMode(pub u64);

impl SqlMode {
    /// `REAL_AS_FLOAT`
    pub const REAL_AS_FLOAT: Self = Self(1);
    /// `ANSI_QUOTES`
    pub const ANSI_QUOTES: Self = Self(1 << 2);
    /// MariaDB's `ORACLE`
    pub const ORACLE: Self = Self(1 << 9);
    /// `NO_BACKSLASH_ESCAPES`
    pub const NO_BACKSLASH_ESCAPES: Self = Self(1 << 20);

    /// Whether every bit of `mode` is set.
    pub const fn has(self, mode: Self) -> bool {
        self.0 & mode.0 == mode.0
    }
}

impl Context {
    /// A session of today: explicit timestamps, names that differ by case, an empty `sql_mode`, the
    /// server's collation of its first installation.
    pub fn new(flavor: Flavor, version: u32) -> Self {
        let server_collation = match flavor {
            Flavor::MySql if version < 80_001 => "latin1_swedish_ci",
            Flavor::MySql => "utf8mb4_0900_ai_ci",
            Flavor::MariaDb if version < 110_600 => "latin1_swedish_ci",
            Flavor::MariaDb => "utf8mb4_uca1400_ai_ci",
        };
        Self {
            flavor,
            version,
            sql_mode: SqlMode::default(),
            server_collation: server_collation.into(),
            utf8mb4_collation: None,
            explicit_timestamps: true,
            case_sensitive: true,
        }
    }

    /// Whether the parser takes MariaDB's Oracle dialect.
    pub(crate) fn oracle(&self) -> bool {
        self.flavor == Flavor::MariaDb && self.sql_mode.has(SqlMode::ORACLE)
    }

    /// Whether what is in an executable comment of this version (`None`: without one) is executed.
    /// `own`: the comment begins with `/*M!`.
    pub(crate) fn executes(&self, version: Option<u32>, own: bool) -> bool {
        match (self.flavor, version) {
            (Flavor::MySql, _) if own => false,
            (_, None) => true,
            // MariaDB left MySQL's way at 5.7: such versions are of the other one's features.
            (Flavor::MariaDb, Some(50_700..=99_999)) if !own => false,
            (_, Some(version)) => version <= self.version,
        }
    }
}
