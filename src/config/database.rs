//! The URL of a database.

use std::fmt;

/// A PostgreSQL database, as `postgres://user@host:port/database` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Host name or address.
    pub host: String,
    /// Port; 5432 if none was given.
    pub port: u16,
    /// Role that connects.
    pub user: String,
    /// Name of the database.
    pub name: String,
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
        match url.scheme() {
            "postgres" | "postgresql" => {}
            "mysql" | "mariadb" => {
                return Err(UrlError::NotYet(format!("a {} database", url.scheme())));
            }
            other => return Err(UrlError::Invalid(format!("the scheme \"{other}\" is unknown"))),
        }
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
        Ok(Self {
            host,
            port: url.port().unwrap_or(5432),
            user: user.ok_or(invalid("it has no user"))?,
            name: name.ok_or(invalid("it has no name of a database"))?,
        })
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

/// The URL of a database that is described part by part.
pub(crate) fn url_of(host: &str, port: u16, user: &str, name: &str) -> String {
    let (host, user, name) = (host.to_owned(), user.to_owned(), name.to_owned());
    Database { host, port, user, name }.to_string()
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(f, "postgres://{}@{host}", encoded(&self.user))?;
        if self.port != 5432 {
            write!(f, ":{}", self.port)?;
        }
        write!(f, "/{}", encoded(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_goes_both_ways() {
        for text in ["postgres://a%40b@db.example:5433/sh%2Fop", "postgres://u@[::1]/shop"] {
            assert_eq!(Database::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Database::parse("postgresql://u@h/d").unwrap().port, 5432);
        assert!(Database::parse("postgres://u@[::1]/d").unwrap().is_loopback());
        assert!(!Database::parse("postgres://u@localhost.example/d").unwrap().is_loopback());
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        assert_eq!(Database::parse("postgres://u:p@h/d"), Err(UrlError::Password));
        assert_eq!(
            Database::parse("mysql://u@h/d"),
            Err(UrlError::NotYet("a mysql database".into()))
        );
        for text in ["", "h/d", "postgres://h/d", "postgres://u@h", "postgres://u@h/d?sslmode=x"] {
            assert!(matches!(Database::parse(text), Err(UrlError::Invalid(_))), "{text}");
        }
    }
}
