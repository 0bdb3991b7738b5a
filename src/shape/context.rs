//! Headers that say which run of which connector made a record.

use super::output::Output;
use super::settings::Settings;
use walbrook_core::source::Description;

/// The headers, written once for all records of an arena; none where they are not wanted.
pub(super) fn shared(
    out: &mut Output,
    settings: &Settings,
    description: &Description,
) -> (u32, u32) {
    if !settings.context_headers {
        return (0, 0);
    }
    out.shared_headers(|out| write(out, settings, description))
}

/// Appends the headers.
pub(super) fn write(out: &mut Output, settings: &Settings, description: &Description) {
    let name = |name: &str| format!("__debezium.context.{name}");
    out.header(&name("connectorLogicalName"), settings.topic_prefix.as_bytes());
    out.header(&name("taskId"), b"0");
    out.header(&name("connectorName"), description.connector.as_bytes());
    out.header(&name("runId"), settings.run_id.as_bytes());
}
