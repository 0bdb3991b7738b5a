//! A scripted server at the other end of a pipe.

use super::*;
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use walbrook_core::error::Class;

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    out.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
    out.extend_from_slice(body);
    out
}

fn login(password: Option<&str>) -> Login {
    Login {
        user: "u".into(),
        password: password.map(Into::into),
        database: "d".into(),
        application_name: "walbrook".into(),
        replication: true,
    }
}

/// Answers the startup message with `script` and keeps the pipe open.
async fn server(script: Vec<u8>) -> (DuplexStream, DuplexStream) {
    let (client, mut server) = duplex(1 << 20);
    server.write_all(&script).await.unwrap();
    (client, server)
}

fn ready() -> Vec<u8> {
    [message(b'R', &[0; 4]), message(b'S', b"a\0b\0"), message(b'Z', b"I")].concat()
}

#[tokio::test]
async fn a_trusted_role_logs_in_and_asks() {
    let (io, mut server) = server(ready()).await;
    let mut session = Session::start(io, &login(None), &Security::default()).await.unwrap();
    let mut startup = vec![0; 4096];
    let length = server.read(&mut startup).await.unwrap();
    let startup = String::from_utf8_lossy(&startup[..length]).into_owned();
    assert!(startup.contains("replication\0database\0") && startup.contains("wal_sender_timeout"));

    let row = [&[0, 2, 0, 0, 0, 2][..], b"hi", &[0xff; 4]].concat();
    let reply = [message(b'T', b""), message(b'D', &row), message(b'C', b""), message(b'Z', b"I")];
    server.write_all(&reply.concat()).await.unwrap();
    assert_eq!(session.query("x").await.unwrap(), [[Some("hi".to_owned()), None]]);
}

#[tokio::test]
async fn a_failed_query_leaves_the_session_usable() {
    let (io, mut server) = server(ready()).await;
    let mut session = Session::start(io, &login(None), &Security::default()).await.unwrap();
    let bad = [message(b'E', b"C42601\0Msyntax error\0\0"), message(b'Z', b"I")];
    let good = [message(b'C', b""), message(b'Z', b"I")];
    server.write_all(&[bad.concat(), good.concat()].concat()).await.unwrap();
    let error = session.query("x").await.unwrap_err();
    assert_eq!((error.code, error.class), (codes::SERVER, Class::Definite));
    assert_eq!(session.query("y").await.unwrap(), Vec::<Row>::new());
}

#[tokio::test]
async fn a_clear_password_goes_out_only_where_nobody_listens() {
    let ask = [message(b'R', &[0, 0, 0, 3]), ready()].concat();
    let (io, _server) = server(ask.clone()).await;
    let error = Session::start(io, &login(Some("p")), &Security::default()).await.unwrap_err();
    assert_eq!(error.code, codes::LOGIN_METHOD);

    let (io, _server) = server(ask).await;
    let private = Security { private: true, end_point: None };
    Session::start(io, &login(Some("p")), &private).await.unwrap();
}

#[tokio::test]
async fn broken_greetings_are_said_plainly() {
    let cases = [
        (message(b'R', &[0, 0, 0, 7]), codes::LOGIN_METHOD),
        (message(b'R', &[0]), codes::PROTOCOL),
        (b"HTTP/1.1 400 Bad Request\r\n".to_vec(), codes::PROTOCOL),
        (message(b'R', &[0, 0, 0, 5, 1, 2, 3, 4]), codes::PASSWORD),
        (message(b'E', b"C28P01\0Mpassword authentication failed\0\0"), codes::LOGIN),
    ];
    for (script, code) in cases {
        let (io, _server) = server(script).await;
        let error = Session::start(io, &login(None), &Security::default()).await.unwrap_err();
        assert_eq!(error.code, code, "{error}");
    }
}

#[tokio::test]
async fn a_closed_connection_is_transient() {
    let (io, _) = server(Vec::new()).await;
    let error = Session::start(io, &login(None), &Security::default()).await.unwrap_err();
    assert_eq!((error.code, error.class), (codes::CLOSED, Class::Transient));
}
