//! The snapshot that all workers read under, and the transaction that keeps it.
//!
//! The transaction lies on a replication connection: creating a logical slot there makes the slot's
//! consistent point the transaction's snapshot. So rows and stream fit together exactly.

use crate::codes;
use crate::lsn::Lsn;
use crate::settings::Settings;
use crate::slot::{self, Creation};
use crate::transport::{self, Session, Stream};
use std::pin::pin;
use std::time::Duration;
use walbrook_core::error::{Error, Result};
use walbrook_core::fault;

/// How often it is said that the slot waits for others.
const WAITING: Duration = Duration::from_secs(10);

/// A snapshot that other connections can import as long as it is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exported {
    /// Its name for `SET TRANSACTION SNAPSHOT`.
    pub(crate) name: String,
    /// The consistent point of its slot.
    pub(crate) lsn: u64,
    /// When it was taken, microseconds since 1970.
    pub(crate) ts_us: i64,
    /// The next transaction number at that time.
    pub(crate) xid: u32,
}

/// The open transaction.
pub(crate) struct Holder {
    session: Session<Stream>,
    /// What it holds.
    pub(crate) snapshot: Exported,
}

impl Holder {
    /// Creates a slot, `temporary` or the connector's own, and exports the snapshot of its
    /// consistent point.
    pub(crate) async fn open(settings: &Settings, name: &str, temporary: bool) -> Result<Self> {
        let mut session = transport::connect(settings, "snapshot").await?;
        let version = version(&mut session).await?;
        session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let failover = settings.slot_failover;
        let what = Creation { name, temporary, failover, snapshot: slot::Snapshot::Use };
        let lsn = patiently(slot::create(&mut session, version, &what)).await?;
        if !temporary {
            tracing::info!(slot = name, lsn = %Lsn(lsn), "slot created");
            fault::point("source.after_slot");
        }
        let snapshot = export(&mut session, lsn).await?;
        fault::point("source.after_snapshot_export");
        Ok(Self { session, snapshot })
    }

    /// Lets go of the snapshot.
    pub(crate) async fn close(mut self) -> Result<()> {
        self.session.query("COMMIT").await?;
        self.session.close().await;
        Ok(())
    }
}

/// Says what is waited for, as long as it takes.
async fn patiently<T>(creating: impl Future<Output = Result<T>>) -> Result<T> {
    let mut creating = pin!(creating);
    loop {
        tokio::select! {
            created = &mut creating => return created,
            () = tokio::time::sleep(WAITING) => tracing::warn!(
                "the slot begins when every transaction that writes now has ended: \
                 SELECT pid, xact_start FROM pg_stat_activity WHERE backend_xid IS NOT NULL"
            ),
        }
    }
}

async fn version(session: &mut Session<Stream>) -> Result<u32> {
    let rows = session.query("SHOW server_version_num").await?;
    let text = rows.first().and_then(|row| row.first()).and_then(Option::as_deref);
    text.and_then(|text| text.parse().ok()).ok_or_else(|| silent("its version"))
}

async fn export(session: &mut Session<Stream>, lsn: u64) -> Result<Exported> {
    let rows = session
        .query(
            "SELECT pg_catalog.pg_export_snapshot(), \
             (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::int8, \
             pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())",
        )
        .await?;
    let mut values = rows.into_iter().next().unwrap_or_default().into_iter().flatten();
    let name = values.next().ok_or_else(|| silent("the snapshot's name"))?;
    let ts_us = values.next().and_then(|text| text.parse().ok());
    let ts_us = ts_us.ok_or_else(|| silent("its time"))?;
    // The upper half counts wrap-arounds; events carry the number without it.
    let xid = values.next().and_then(|text| text.parse::<u64>().ok()).map(|xid| xid as u32);
    Ok(Exported { name, lsn, ts_us, xid: xid.ok_or_else(|| silent("its transaction"))? })
}

pub(crate) fn silent(what: &str) -> Error {
    Error::transient(codes::SNAPSHOT, format!("The server did not tell {what}."))
}
