//! The server's settings.

use super::platform::Platform;
use crate::codes;
use crate::flavor::Flavor;
use crate::settings::Settings;
use crate::source::server::Server;
use walbrook_core::finding::Finding;

/// The log should outlive a long weekend without us.
const RETENTION_SECONDS: u64 = 3 * 24 * 3600;

/// Everything about the server as a whole.
pub(super) fn findings(server: &Server, settings: &Settings) -> Vec<Finding> {
    [
        kind(server, settings),
        version(server),
        log(server),
        format(server),
        gtid(server),
        image(server),
        metadata(server),
        retention(server),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn kind(server: &Server, settings: &Settings) -> Option<Finding> {
    if server.flavor == settings.flavor {
        return None;
    }
    let (is, said) = (server.flavor.connector(), settings.flavor.connector());
    let message = format!("The server is {is}, but the URL begins with {said}://.");
    Some(Finding::error(codes::OTHER_SERVER, message, format!("Write url = \"{is}://…\".")))
}

fn version(server: &Server) -> Option<Finding> {
    let (oldest, text) = match server.flavor {
        Flavor::MySql => (80_000, "8.0"),
        Flavor::MariaDb => (100_500, "10.5"),
    };
    let told = server.variable("version").unwrap_or("?");
    (server.version < oldest).then(|| {
        let message = format!("The server's version is {told}; the oldest supported is {text}.");
        Finding::error(codes::VERSION, message, "Upgrade the server.")
    })
}

fn log(server: &Server) -> Option<Finding> {
    (!server.is_on("log_bin")).then(|| {
        let message = "The server does not write a binary log (log_bin is off).";
        Finding::error(codes::NO_LOG, message, Platform::of(server).log())
    })
}

fn format(server: &Server) -> Option<Finding> {
    let format = server.variable("binlog_format").unwrap_or("ROW");
    (!format.eq_ignore_ascii_case("ROW")).then(|| {
        let message = format!("Changes are logged as statements (binlog_format = {format}).");
        let set = Platform::of(server).set("binlog_format", "'ROW'");
        let fix =
            format!("{set} Sessions that are open keep their format: let them connect again.");
        Finding::error(codes::FORMAT, message, fix)
    })
}

fn gtid(server: &Server) -> Option<Finding> {
    if server.flavor == Flavor::MariaDb {
        return None;
    }
    let mode = server.variable("gtid_mode").unwrap_or("OFF");
    (!mode.eq_ignore_ascii_case("ON")).then(|| {
        let message = format!("Transactions have no identifiers (gtid_mode = {mode}).");
        let fix = Platform::of(server).gtids();
        Finding::error(codes::NO_GTID, message, fix)
    })
}

fn image(server: &Server) -> Option<Finding> {
    let image = server.variable("binlog_row_image").unwrap_or("FULL");
    (!image.eq_ignore_ascii_case("FULL")).then(|| {
        let message = format!(
            "Rows are not logged whole (binlog_row_image = {image}): events have no old row, and \
             unchanged large values are replaced by a placeholder."
        );
        let fix = Platform::of(server).set("binlog_row_image", "'FULL'");
        Finding::warning(codes::ROW_IMAGE, message, fix)
    })
}

fn metadata(server: &Server) -> Option<Finding> {
    let metadata = server.variable("binlog_row_metadata").unwrap_or("MINIMAL");
    (!metadata.eq_ignore_ascii_case("FULL")).then(|| {
        let message = format!(
            "Column names are not logged (binlog_row_metadata = {metadata}): structures are \
             followed through the statements in the log."
        );
        let fix = Platform::of(server).set("binlog_row_metadata", "'FULL'");
        Finding::warning(codes::ROW_METADATA, message, fix)
    })
}

fn retention(server: &Server) -> Option<Finding> {
    let number = |name| server.variable(name).and_then(|text| text.parse::<f64>().ok());
    let days = number("expire_logs_days").filter(|days| *days > 0.0);
    let seconds = number("binlog_expire_logs_seconds").filter(|seconds| *seconds > 0.0);
    let kept = seconds.or(days.map(|days| days * 86_400.0))? as u64;
    (kept < RETENTION_SECONDS).then(|| {
        let hours = kept / 3600;
        let message = format!(
            "The log is kept for {hours} h: a connector that stands still for longer loses changes."
        );
        let fix = Platform::of(server).retention();
        Finding::warning(codes::RETENTION, message, fix)
    })
}
