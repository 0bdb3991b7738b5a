//! Kinds of events by number: MySQL 8 and 9 (`Log_event_type` in libs/mysql/binlog/event/binlog_event.h)
//! and MariaDB (sql/log_event.h), from 160 on.

macro_rules! kinds {
    ($($constant:ident = $number:literal,)*) => {
        $(
            #[doc = concat!("`", stringify!($constant), "`, ", stringify!($number), ".")]
            pub const $constant: u8 = $number;
        )*

        /// Name of the kind, as the servers' sources have it; `unknown` of one that is not known.
        pub fn name(kind: u8) -> &'static str {
            match kind {
                $($number => stringify!($constant),)*
                _ => "unknown",
            }
        }
    };
}

kinds! {
    QUERY = 2,
    STOP = 3,
    ROTATE = 4,
    INTVAR = 5,
    APPEND_BLOCK = 9,
    DELETE_FILE = 11,
    RAND = 13,
    USER_VAR = 14,
    FORMAT_DESCRIPTION = 15,
    XID = 16,
    BEGIN_LOAD_QUERY = 17,
    EXECUTE_LOAD_QUERY = 18,
    TABLE_MAP = 19,
    WRITE_ROWS_V1 = 23,
    UPDATE_ROWS_V1 = 24,
    DELETE_ROWS_V1 = 25,
    INCIDENT = 26,
    HEARTBEAT = 27,
    IGNORABLE = 28,
    ROWS_QUERY = 29,
    WRITE_ROWS = 30,
    UPDATE_ROWS = 31,
    DELETE_ROWS = 32,
    GTID = 33,
    ANONYMOUS_GTID = 34,
    PREVIOUS_GTIDS = 35,
    TRANSACTION_CONTEXT = 36,
    VIEW_CHANGE = 37,
    XA_PREPARE = 38,
    PARTIAL_UPDATE_ROWS = 39,
    TRANSACTION_PAYLOAD = 40,
    HEARTBEAT_V2 = 41,
    GTID_TAGGED = 42,
    ANNOTATE_ROWS = 160,
    BINLOG_CHECKPOINT = 161,
    MARIADB_GTID = 162,
    GTID_LIST = 163,
    START_ENCRYPTION = 164,
    QUERY_COMPRESSED = 165,
    WRITE_ROWS_COMPRESSED_V1 = 166,
    UPDATE_ROWS_COMPRESSED_V1 = 167,
    DELETE_ROWS_COMPRESSED_V1 = 168,
    WRITE_ROWS_COMPRESSED = 169,
    UPDATE_ROWS_COMPRESSED = 170,
    DELETE_ROWS_COMPRESSED = 171,
    PARTIAL_ROW_DATA = 172,
}
