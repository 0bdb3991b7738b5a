//! Who runs the server: managed ones are set up in their own ways, so a fix has to be told in the
//! words of the place where it can be made.

use crate::flavor::Flavor;
use crate::source::server::Server;

/// Who runs the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// Its owner: what can be set while it runs is set by SQL.
    #[default]
    Stock,
    /// Amazon RDS.
    Rds,
    /// Amazon Aurora.
    Aurora,
    /// Google Cloud SQL.
    CloudSql,
    /// Azure Database.
    Azure,
}

impl Platform {
    /// Tells it by what the server says of itself.
    pub fn of(server: &Server) -> Self {
        let told = |name: &str| server.variable(name).unwrap_or_default().to_ascii_lowercase();
        let version = format!("{} {}", told("version"), told("version_comment"));
        match () {
            () if server.variable("aurora_version").is_some() => Platform::Aurora,
            () if told("basedir").starts_with("/rdsdb") => Platform::Rds,
            () if version.contains("-google") => Platform::CloudSql,
            () if version.contains("azure") => Platform::Azure,
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

    /// How the log is switched on.
    pub fn log(self) -> &'static str {
        match self {
            Platform::Stock => "Start the server with --log-bin.",
            Platform::Rds => "Give the instance a backup retention of at least one day.",
            Platform::Aurora => {
                "Set binlog_format = ROW in the DB cluster parameter group, and reboot the writer."
            }
            Platform::CloudSql => "Enable point-in-time recovery of the instance.",
            Platform::Azure => "Restore the server's own value of log_bin: it is on there.",
        }
    }

    /// How a setting that can be changed while the server runs gets `value`.
    pub fn set(self, name: &str, value: &str) -> String {
        let place = match self {
            Platform::Stock => return format!("Run SET GLOBAL {name} = {value};"),
            Platform::Rds => "in the instance's DB parameter group",
            Platform::Aurora => "in the DB cluster parameter group",
            Platform::CloudSql => "as a database flag of the instance",
            Platform::Azure => "under the server's parameters",
        };
        format!("Set {name} = {} {place}.", value.trim_matches('\''))
    }

    /// How transactions get identifiers.
    pub fn gtids(self) -> String {
        match self {
            Platform::Stock | Platform::Azure => {
                "Set enforce_gtid_consistency = ON and go through gtid_mode = OFF_PERMISSIVE, \
                 ON_PERMISSIVE to ON; all of it works while the server runs."
                    .to_owned()
            }
            Platform::Rds => {
                "Set gtid-mode = ON and enforce_gtid_consistency = ON in the instance's \
                              DB parameter group, and reboot the instance."
                    .to_owned()
            }
            Platform::Aurora => "Set gtid-mode = ON and enforce_gtid_consistency = ON in the DB \
                                 cluster parameter group, and reboot the writer."
                .to_owned(),
            Platform::CloudSql => {
                "Cloud SQL for MySQL has GTIDs switched on: connect to the primary.".to_owned()
            }
        }
    }

    /// How the log is kept for a week.
    pub fn retention(self) -> String {
        match self {
            Platform::Rds | Platform::Aurora => {
                "Run CALL mysql.rds_set_configuration('binlog retention hours', 168);".to_owned()
            }
            Platform::CloudSql => {
                "Keep transaction logs of the instance for 7 days (point-in-time recovery)."
                    .to_owned()
            }
            Platform::Stock | Platform::Azure => self.set("binlog_expire_logs_seconds", "604800"),
        }
    }
}

/// `MySQL 9.7.4`, `MariaDB 10.11.19-MariaDB-log on Amazon RDS`.
pub fn title(server: &Server) -> String {
    let kind = match server.flavor {
        Flavor::MySql => "MySQL",
        Flavor::MariaDb => "MariaDB",
    };
    let version = server.variable("version").unwrap_or("?");
    let version = version.split_once("-MariaDB").map_or(version, |(number, _)| number);
    match Platform::of(server).name() {
        Some(name) => format!("{kind} {version} on {name}"),
        None => format!("{kind} {version}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(variables: &[(&str, &str)]) -> Server {
        let pairs = variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Server::from_variables(pairs.collect())
    }

    #[test]
    fn a_platform_is_told_by_what_only_it_says() {
        let of = |variables: &[(&str, &str)]| title(&server(variables));
        assert_eq!(of(&[("version", "9.7.4"), ("basedir", "/usr/")]), "MySQL 9.7.4");
        assert_eq!(
            of(&[("version", "8.0.40"), ("basedir", "/rdsdbbin/mysql-8.0.40.R1/")]),
            "MySQL 8.0.40 on Amazon RDS"
        );
        assert_eq!(
            of(&[("version", "8.0.39"), ("aurora_version", "3.08.0")]),
            "MySQL 8.0.39 on Amazon Aurora"
        );
        assert_eq!(of(&[("version", "8.0.37-google")]), "MySQL 8.0.37-google on Google Cloud SQL");
        assert_eq!(of(&[("version", "8.0.40-azure")]), "MySQL 8.0.40-azure on Azure Database");
        assert_eq!(of(&[("version", "10.11.19-MariaDB-0+deb12u1-log")]), "MariaDB 10.11.19");
    }

    #[test]
    fn each_platform_is_mended_in_its_own_words() {
        assert_eq!(
            Platform::Stock.set("binlog_row_image", "'FULL'"),
            "Run SET GLOBAL binlog_row_image = 'FULL';"
        );
        assert_eq!(
            Platform::Rds.set("binlog_row_image", "'FULL'"),
            "Set binlog_row_image = FULL in the instance's DB parameter group."
        );
        assert!(Platform::Aurora.retention().contains("rds_set_configuration"));
    }
}
