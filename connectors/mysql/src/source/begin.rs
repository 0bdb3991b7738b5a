//! The very beginning: where to follow the log from, and what the tables look like there.
//!
//! ```text
//!  log    ──── G ─────────────────── end ────▶
//!              │ structures are read │
//!              └─ followed from here ┘ a captured table defined anew in between: once more
//! ```
//!
//! G is what the engine shows, so everything after it comes through the log.

use super::inventory::Inventory;
use super::server::{self, Server};
use super::structures;
use crate::codes;
use crate::settings::Settings;
use crate::stream::{Follower, Start, Stream};
use crate::transport::{self, sql_error};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use walbrook_core::error::{Error, Result};
use walbrook_reader::Out;

/// How often structures are read before a server that defines tables without end is given up.
const TRIES: usize = 10;

/// The log, opened at the present.
pub(crate) struct Beginning {
    /// With the structures as of there.
    pub(crate) stream: Stream,
    /// What there is to tell of them.
    pub(crate) inventory: Inventory,
}

/// Opens the log at the present, with the structures as of there.
pub(crate) async fn begin(
    settings: &Arc<Settings>,
    server: &Server,
    out: &Rc<Out>,
) -> Result<Beginning> {
    for _ in 0..TRIES {
        let mut conn = transport::client(settings, "structures").await?;
        let place = server::log_end(&mut conn, server).await?;
        let executed = server::executed(&mut conn, server.flavor).await?;
        nothing_prepared(&mut conn).await?;
        let context = server.context();
        let (structures, found) = structures::all(&mut conn, settings, &context).await?;
        let inventory = Inventory::take(&mut conn, settings, found).await?;
        let end = server::log_end(&mut conn, server).await?;
        drop(conn.disconnect().await);
        let position = executed.position(server.flavor, &place);
        let start = Start { position, structures, waiting: BTreeMap::new(), context };
        let follower = Follower::new(Arc::clone(settings), start, Rc::clone(out));
        let mut stream = Stream::open(settings, follower).await?;
        stream.follower.mute();
        stream.reach(&end).await?;
        if !std::mem::take(&mut stream.follower.redefined) {
            stream.follower.unmute();
            return Ok(Beginning { stream, inventory });
        }
        tracing::info!("tables were defined anew while their structures were read: once more");
    }
    Err(Error::transient(codes::CHANGED, "Tables are defined anew all the time."))
}

/// At the very first start no XA transaction may be prepared: its rows lie before the beginning.
pub(crate) async fn nothing_prepared(conn: &mut Conn) -> Result<()> {
    let rows: Vec<mysql_async::Row> = match conn.query("XA RECOVER").await {
        Ok(rows) => rows,
        // Without the right to ask, a verdict on an unknown transaction halts later.
        Err(mysql_async::Error::Server(error)) if error.code == 1401 || error.code == 1227 => {
            return Ok(());
        }
        Err(error) => return Err(sql_error(&error, "asking for prepared transactions")),
    };
    if rows.is_empty() {
        return Ok(());
    }
    let count = rows.len();
    let message =
        format!("{count} XA transactions are prepared; their rows are not in the log to come.");
    Err(Error::transient(codes::XA_WAITING, message)
        .fix("Commit them or roll them back (XA RECOVER lists them); the connector waits."))
}
