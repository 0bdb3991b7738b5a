//! The URL of a database.

use std::fmt;

/// The kind of server behind a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// `postgres://`, `postgresql://`
    Postgres,
    /// `mysql://`
    MySql,
    /// `mariadb://`
    MariaDb,
}

impl Server {
    /// The server that the scheme of a URL means.
    fn of_scheme(scheme: &str) -> Option<Self> {
        match scheme {
            "postgres" | "postgresql" => Some(Server::Postgres),
            "mysql" => Some(Server::MySql),
            "mariadb" => Some(Server::MariaDb),
            _ => None,
        }
    }

    /// The server that `url` names, even where the rest of it cannot be used.
    pub(super) fn of_url(url: &str) -> Option<Self> {
        url.split_once("://").and_then(|(scheme, _)| Self::of_scheme(scheme))
    }

    /// The scheme as it is shown.
    fn scheme(self) -> &'static str {
        match self {
            Server::Postgres => "postgres",
            Server::MySql => "mysql",
            Server::MariaDb => "mariadb",
        }
    }

    /// The port where none is given.
    pub fn port(self) -> u16 {
        match self {
            Server::Postgres => 5432,
            Server::MySql | Server::MariaDb => 3306,
        }
    }

    /// What Debezium calls a connector to it.
    pub fn connector(self) -> &'static str {
        match self {
            Server::Postgres => "postgresql",
            Server::MySql => "mysql",
            Server::MariaDb => "mariadb",
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Server::Postgres => "PostgreSQL",
            Server::MySql => "MySQL",
            Server::MariaDb => "MariaDB",
        }
    }
}

/// A database, as `scheme://user@host:port/database` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// The kind of server: the scheme.
    pub server: Server,
    /// Host name or address.
    pub host: String,
    /// Port; the server's usual one if none was given.
    pub port: u16,
    /// Role or account that connects.
    pub user: String,
    /// Name of the database. PostgreSQL always has one; a MySQL connection sees all of them.
    pub name: Option<String>,
}

/// Why a text is not the URL of a database that can be captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// It cannot be read, or something is missing or too much in it.
    Invalid(String),
    /// It holds a password.
    Password,
    /// A database that a later version will capture.
    NotYet(String),
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlError::Invalid(why) => f.write_str(why),
            UrlError::Password => f.write_str("it holds a password"),
            UrlError::NotYet(what) => write!(f, "{what} is not available yet"),
        }
    }
}

impl Database {
    /// Reads a URL. No part of the text gets into the error, because it may hold a password.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let invalid = |why: &str| UrlError::Invalid(why.to_owned());
        let url = url::Url::parse(text).map_err(|e| match e {
            url::ParseError::RelativeUrlWithoutBase => invalid("it has no scheme"),
            e => UrlError::Invalid(e.to_string()),
        })?;
        let scheme = url.scheme();
        let server = Server::of_scheme(scheme)
            .ok_or_else(|| UrlError::Invalid(format!("the scheme \"{scheme}\" is unknown")))?;
        if url.password().is_some() {
            return Err(UrlError::Password);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("it has parameters after the name of the database"));
        }
        let host = match url.host() {
            Some(url::Host::Domain(name)) => decoded(name),
            Some(url::Host::Ipv4(address)) => Some(address.to_string()),
            Some(url::Host::Ipv6(address)) => Some(address.to_string()),
            None => None,
        };
        let host = host.filter(|host| !host.is_empty()).ok_or(invalid("it has no host"))?;
        if host.starts_with('/') {
            return Err(UrlError::NotYet("a Unix socket".to_owned()));
        }
        if host.contains(',') {
            return Err(invalid("it names more than one host"));
        }
        let user = decoded(url.username()).filter(|user| !user.is_empty());
        let name = decoded(url.path().trim_start_matches('/')).filter(|name| !name.is_empty());
        let user = user.ok_or(invalid("it has no user"))?;
        if url.path().trim_start_matches('/').contains('/') {
            return Err(invalid("it has more than the name of a database after the host"));
        }
        if server == Server::Postgres && name.is_none() {
            return Err(invalid("it has no name of a database"));
        }
        let port = url.port().unwrap_or(server.port());
        Ok(Self { server, host, port, user, name })
    }

    /// Whether the host is this machine, reached without leaving it.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// Whether `host` is certainly this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Undoes percent encoding.
fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(out).ok()
}

/// Percent-encodes everything that could end a part of a URL.
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let one = |b: u8| if plain(b) { (b as char).to_string() } else { format!("%{b:02X}") };
    text.bytes().map(one).collect()
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(f, "{}://{}@{host}", self.server.scheme(), encoded(&self.user))?;
        if self.port != self.server.port() {
            write!(f, ":{}", self.port)?;
        }
        write!(f, "/{}", encoded(self.name.as_deref().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_goes_both_ways() {
        for text in [
            "postgres://a%40b@db.example:5433/sh%2Fop",
            "postgres://u@[::1]/shop",
            "mysql://u@h:3307/shop",
            "mariadb://u@h/",
        ] {
            assert_eq!(Database::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Database::parse("mysql://u@h").unwrap().name, None);
        assert_eq!(Database::parse("mariadb://u@h/d").unwrap().port, 3306);
        assert_eq!(Database::parse("postgresql://u@h/d").unwrap().port, 5432);
        assert!(Database::parse("postgres://u@[::1]/d").unwrap().is_loopback());
        assert!(!Database::parse("postgres://u@localhost.example/d").unwrap().is_loopback());
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        assert_eq!(Database::parse("postgres://u:p@h/d"), Err(UrlError::Password));
        assert_eq!(Database::parse("mysql://u:p@h/d"), Err(UrlError::Password));
        for text in [
            "",
            "h/d",
            "postgres://h/d",
            "postgres://u@h",
            "postgres://u@h/d?sslmode=x",
            "oracle://u@h/d",
            "mysql://u@h/a/b",
        ] {
            assert!(matches!(Database::parse(text), Err(UrlError::Invalid(_))), "{text}");
        }
    }
}
