//! Who runs the server: managed ones are set up in their own ways, so a fix has to be told in the
//! words of the place where it can be made.

use super::failed;
use crate::transport::identifier;
use tokio_postgres::Client;
use walbrook_core::error::Result;

/// Who runs the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// Its owner: everything can be set by SQL.
    #[default]
    Stock,
    /// Amazon RDS for PostgreSQL.
    Rds,
    /// Amazon Aurora PostgreSQL.
    Aurora,
    /// Google Cloud SQL.
    CloudSql,
    /// Azure Database for PostgreSQL.
    Azure,
}

/// Roles and functions that only one platform has.
const SQL: &str = "SELECT coalesce(array_agg(rolname::text), '{}'), \
        EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'aurora_version') \
    FROM pg_roles WHERE rolname IN ('rds_superuser', 'cloudsqlsuperuser', 'azure_pg_admin')";

impl Platform {
    /// Asks the server.
    pub async fn ask(client: &Client) -> Result<Self> {
        let row = client.query_one(SQL, &[]).await.map_err(failed)?;
        let roles: Vec<String> = row.try_get(0).map_err(failed)?;
        Ok(Self::of(&roles, row.try_get(1).map_err(failed)?))
    }

    fn of(roles: &[String], aurora: bool) -> Self {
        let has = |name: &str| roles.iter().any(|role| role == name);
        match () {
            () if has("rds_superuser") && aurora => Platform::Aurora,
            () if has("rds_superuser") => Platform::Rds,
            () if has("cloudsqlsuperuser") => Platform::CloudSql,
            () if has("azure_pg_admin") => Platform::Azure,
            () => Platform::Stock,
        }
    }

    /// What people call it; nothing for a server of one's own.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Platform::Stock => None,
            Platform::Rds => Some("Amazon RDS"),
            Platform::Aurora => Some("Amazon Aurora"),
            Platform::CloudSql => Some("Google Cloud SQL"),
            Platform::Azure => Some("Azure Database"),
        }
    }

    /// How logical decoding is switched on.
    pub fn logical(self) -> String {
        match self {
            Platform::Stock => {
                "Run ALTER SYSTEM SET wal_level = logical; and restart the server.".to_owned()
            }
            Platform::Rds | Platform::Aurora => self.set("rds.logical_replication", "1", true),
            Platform::CloudSql => self.set("cloudsql.logical_decoding", "on", true),
            Platform::Azure => self.set("wal_level", "logical", true),
        }
    }

    /// How the setting `name` gets `value`, and what has to happen for it to hold.
    pub fn set(self, name: &str, value: &str, restart: bool) -> String {
        let (place, again) = match self {
            Platform::Stock if restart => {
                return format!("Run ALTER SYSTEM SET {name} = {value}; and restart the server.");
            }
            Platform::Stock => {
                return format!("Run ALTER SYSTEM SET {name} = {value}; SELECT pg_reload_conf();");
            }
            Platform::Rds => ("in the instance's DB parameter group", "reboot the instance"),
            Platform::Aurora => ("in the DB cluster parameter group", "reboot the writer"),
            Platform::CloudSql => ("as a database flag of the instance", "let it restart"),
            Platform::Azure => ("under the server's parameters", "restart the server"),
        };
        let again = if restart { format!(", and {again}") } else { String::new() };
        format!("Set {name} = {} {place}{again}.", value.trim_matches('\''))
    }

    /// The statement that lets `user` replicate.
    pub fn may_replicate(self, user: &str) -> String {
        let user = identifier(user);
        match self {
            Platform::Stock | Platform::CloudSql | Platform::Azure => {
                format!("ALTER ROLE {user} REPLICATION;")
            }
            Platform::Rds | Platform::Aurora => format!("GRANT rds_replication TO {user};"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_is_told_by_what_only_it_has() {
        let of = |role: &str, aurora| Platform::of(&[role.to_owned()], aurora);
        assert_eq!(Platform::of(&[], false), Platform::Stock);
        assert_eq!(of("rds_superuser", false), Platform::Rds);
        assert_eq!(of("rds_superuser", true), Platform::Aurora);
        assert_eq!(of("cloudsqlsuperuser", false), Platform::CloudSql);
        assert_eq!(of("azure_pg_admin", false), Platform::Azure);
    }

    #[test]
    fn each_platform_is_mended_in_its_own_words() {
        use Platform::{Aurora, Azure, CloudSql, Rds, Stock};
        let all = [Stock, Rds, Aurora, CloudSql, Azure].map(Platform::logical);
        assert_eq!(
            all.join("\n"),
            "\
Run ALTER SYSTEM SET wal_level = logical; and restart the server.
Set rds.logical_replication = 1 in the instance's DB parameter group, and reboot the instance.
Set rds.logical_replication = 1 in the DB cluster parameter group, and reboot the writer.
Set cloudsql.logical_decoding = on as a database flag of the instance, and let it restart.
Set wal_level = logical under the server's parameters, and restart the server."
        );
        assert_eq!(Rds.may_replicate("w"), "GRANT rds_replication TO \"w\";");
        assert_eq!(
            Stock.set("max_slot_wal_keep_size", "'50GB'", false),
            "Run ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; SELECT pg_reload_conf();"
        );
    }
}
