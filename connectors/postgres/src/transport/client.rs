//! The connections for SQL and COPY.

use super::failure::sql_error;
use super::tls;
use crate::settings::Settings;
use std::time::Duration;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use walbrook_core::error::Result;

/// Opens a connection for SQL; `purpose` is shown by the server. It ends when the client is dropped.
pub async fn client(settings: &Settings, purpose: &str) -> Result<Client> {
    let mut config = Config::new();
    config
        .host(&settings.host)
        .port(settings.port)
        .user(&settings.user)
        .dbname(&settings.dbname)
        .application_name(settings.application_name(purpose))
        .options(super::OPTIONS)
        .connect_timeout(Duration::from_secs(15))
        .tcp_user_timeout(Duration::from_secs(60))
        .keepalives_idle(Duration::from_secs(30));
    if let Some(password) = (settings.password)()? {
        config.password(password);
    }
    let doing = format!("connecting to {}:{}", settings.host, settings.port);
    let failed = |error| sql_error(&error, &doing);
    // A unix socket carries no TLS, whatever the settings say.
    let secured = if settings.host.starts_with('/') { None } else { tls::config(&settings.tls)? };
    match secured {
        None => {
            config.ssl_mode(SslMode::Disable);
            let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
            tokio::spawn(supervise(connection));
            Ok(client)
        }
        Some(tls) => {
            config.ssl_mode(SslMode::Require);
            let tls = MakeRustlsConnect::new(tls.as_ref().clone());
            let (client, connection) = config.connect(tls).await.map_err(failed)?;
            tokio::spawn(supervise(connection));
            Ok(client)
        }
    }
}

/// Drives the connection. Whoever uses the client gets its failures; here they are only noted.
async fn supervise(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    if let Err(error) = connection.await {
        tracing::debug!(error = %error, "sql connection ended");
    }
}
