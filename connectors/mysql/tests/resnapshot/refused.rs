//! Wishes that cannot be met are refused with their reason, and nothing is done.

use crate::books::Books;
use crate::connector::{Connector, wish};
use crate::server::both;
use walbrook_mysql::codes;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wishes_that_cannot_be_met() {
    both("refused", async |mut server| {
        server.table("a", 10).await;
        server.run("CREATE TABLE keyless (v int)").await;
        server.run("CREATE TABLE labels (k enum('x', 'y') PRIMARY KEY)").await;
        let mut connector = Connector::start(&server, Books::default()).await;
        connector.until("it streams", |it| it.streaming).await;
        let secret = "v = 'canary-4711' AND nothing = 1";
        for (tables, predicate, code, says) in [
            (&["nowhere"][..], None, codes::NO_SUCH_TABLE, "nowhere"),
            (&[], None, codes::NO_SUCH_TABLE, "No table"),
            (&["a", "keyless"], None, codes::UNORDERED, "keyless"),
            (&["labels"], None, codes::UNORDERED, "labels"),
            (&["a"], Some(secret), codes::PREDICATE, "nothing"),
            (&["a"], Some("k >"), codes::PREDICATE, "1064"),
            (&["a"], Some("1) UNION SELECT (2"), codes::PREDICATE, "parenthesis"),
            (&["a"], Some("sleep(5) = 0 AND zzz = 1"), codes::PREDICATE, "zzz"),
        ] {
            let wish = wish(&server, "x", tables, predicate);
            let error = connector.plan(wish).await.expect_err("a refusal");
            assert_eq!(error.code, code, "{error}");
            assert!(error.message.contains(says), "{error}");
            assert!(!error.to_string().contains("canary"), "{error}");
            assert!(!error.fix.is_empty());
        }
        assert!(connector.books.again.is_empty());
    })
    .await;
}
