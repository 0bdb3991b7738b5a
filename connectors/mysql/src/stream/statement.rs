//! What kind of statement a QUERY event holds, by its first words.

/// A statement of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement<'a> {
    /// A transaction begins.
    Begin,
    /// It ends.
    Commit,
    /// It ends without effect.
    Rollback,
    /// A mark inside a transaction, or the end of one: without effect on rows.
    Mark,
    /// Part of a transaction is undone.
    RollbackTo,
    /// A distributed transaction begins.
    XaStart,
    /// It has no more rows.
    XaEnd,
    /// The distributed transaction of this identifier is committed.
    XaCommit(String),
    /// The distributed transaction of this identifier is rolled back.
    XaRollback(String),
    /// Rows were changed by this statement, which is all the log tells.
    Changes,
    /// Anything else, table definitions among it.
    Other(&'a str),
}

/// Words that begin a statement which changes rows.
const CHANGING: [&str; 6] = ["INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH"];

impl<'a> Statement<'a> {
    /// Tells what `sql` is.
    pub(super) fn of(sql: &'a str) -> Self {
        let trimmed = sql.trim_start();
        let mut words = trimmed.split_ascii_whitespace().map(str::to_ascii_uppercase);
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match (first.as_str(), second.as_str()) {
            ("BEGIN", _) => Statement::Begin,
            ("START", "TRANSACTION") => Statement::Begin,
            ("COMMIT", _) => Statement::Commit,
            ("ROLLBACK", "TO") => Statement::RollbackTo,
            ("ROLLBACK", _) => Statement::Rollback,
            ("SAVEPOINT" | "RELEASE", _) => Statement::Mark,
            ("XA", "START" | "BEGIN") => Statement::XaStart,
            ("XA", "END") => Statement::XaEnd,
            ("XA", "COMMIT") => Statement::XaCommit(xid(trimmed)),
            ("XA", "ROLLBACK") => Statement::XaRollback(xid(trimmed)),
            (word, _) if CHANGING.contains(&word) => Statement::Changes,
            _ => Statement::Other(sql),
        }
    }
}

/// The identifier behind the two words: `X'676c',X'',1`, without blanks.
fn xid(sql: &str) -> String {
    let mut words = sql.split_ascii_whitespace().skip(2);
    let text: String =
        words.by_ref().take_while(|word| !word.eq_ignore_ascii_case("ONE")).collect();
    text.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_by_their_first_words() {
        let alter = "alter table t add c int";
        for (sql, statement) in [
            ("BEGIN", Statement::Begin),
            ("COMMIT", Statement::Commit),
            ("ROLLBACK", Statement::Rollback),
            ("ROLLBACK TO `x`", Statement::RollbackTo),
            ("SAVEPOINT `x`", Statement::Mark),
            ("XA START X'61',X'',1", Statement::XaStart),
            ("XA END X'61',X'',1", Statement::XaEnd),
            ("XA COMMIT X'6A',X'',1", Statement::XaCommit("x'6a',x'',1".into())),
            ("XA COMMIT X'61', X'', 1 ONE PHASE", Statement::XaCommit("x'61',x'',1".into())),
            ("XA ROLLBACK X'61',X'',1", Statement::XaRollback("x'61',x'',1".into())),
            (" insert into t values (1)", Statement::Changes),
            (alter, Statement::Other(alter)),
        ] {
            assert_eq!(Statement::of(sql), statement, "{sql}");
        }
    }
}
