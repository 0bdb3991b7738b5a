//! Settings that are one word of a few.

/// A setting whose value is one of a closed set of words.
pub trait Choice: Copy + PartialEq + Sized + 'static {
    /// Every value, in the order in which help shows them.
    const ALL: &'static [Self];

    /// The word in the configuration.
    fn as_str(self) -> &'static str;

    /// The value that `word` stands for.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|choice| choice.as_str() == word)
    }
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$item_doc])* $item,)+ }

        impl Choice for $name {
            const ALL: &'static [Self] = &[$(Self::$item,)+];

            fn as_str(self) -> &'static str {
                match self { $(Self::$item => $word,)+ }
            }
        }
    };
}

choice! {
    /// What a token of the admin interface is good for.
    Scope {
        /// To look.
        Read = "read",
        /// To look and to act.
        Write = "write",
    }
}

choice! {
    /// What a committed record promises.
    Delivery {
        /// Records and checkpoint in one Kafka transaction.
        ExactlyOnce = "exactly-once",
    }
}

choice! {
    /// What is read before the stream.
    Snapshot {
        /// All rows, once, where nothing is stored yet; then the stream.
        Initial = "initial",
        /// All rows, then the end.
        InitialOnly = "initial_only",
        /// The stream only.
        NoData = "no_data",
        /// All rows at every start.
        Always = "always",
        /// All rows where nothing is stored or what is stored is no longer in the log.
        WhenNeeded = "when_needed",
    }
}

choice! {
    /// What is done about a change that cannot be told.
    Poison {
        /// The connector stops in front of it.
        Halt = "halt",
        /// It goes to the topic of dead letters.
        DeadLetter = "dead_letter",
        /// It is left out, counted and logged.
        Skip = "skip",
    }
}

choice! {
    /// How NUMERIC and DECIMAL values are written.
    Decimal {
        /// Connect's Decimal: unscaled bytes.
        Precise = "precise",
        /// A double.
        Double = "double",
        /// Text.
        String = "string",
    }
}

choice! {
    /// How dates and times are written.
    Temporal {
        /// As the column's precision asks.
        Adaptive = "adaptive",
        /// Like `adaptive`, but every TIME in microseconds.
        AdaptiveTimeMicroseconds = "adaptive_time_microseconds",
        /// Connect's own types.
        Connect = "connect",
        /// ISO 8601 text.
        Isostring = "isostring",
        /// Always microseconds.
        Microseconds = "microseconds",
        /// Always nanoseconds.
        Nanoseconds = "nanoseconds",
    }
}

choice! {
    /// How BYTEA, BINARY and BLOB values are written.
    Binary {
        /// As bytes.
        Bytes = "bytes",
        /// Base64 text.
        Base64 = "base64",
        /// Base64 text of the URL-safe alphabet.
        Base64UrlSafe = "base64-url-safe",
        /// Hexadecimal text.
        Hex = "hex",
    }
}

choice! {
    /// How INTERVAL values are written.
    Interval {
        /// Microseconds, a month counted as 30.4375 days.
        Numeric = "numeric",
        /// ISO 8601 text.
        String = "string",
    }
}

choice! {
    /// How HSTORE values are written.
    Hstore {
        /// JSON text.
        Json = "json",
        /// A map of text.
        Map = "map",
    }
}

choice! {
    /// How BIGINT UNSIGNED values are written.
    BigintUnsigned {
        /// As a long: numbers from 2^63 on become negative.
        Long = "long",
        /// Connect's Decimal: exact.
        Precise = "precise",
    }
}

choice! {
    /// Who decides which tables the publication holds.
    PublicationMode {
        /// Created `FOR ALL TABLES`.
        AllTables = "all-tables",
        /// Created for the captured tables, and kept so.
        Filtered = "filtered",
        /// The owner's own: used as it is, never altered.
        Existing = "existing",
    }
}

choice! {
    /// What is done when the database keeps too much log for a connector.
    OnWalLimit {
        /// It is told: in the log, the status and the metrics.
        Alert = "alert",
        /// PostgreSQL: the slot is dropped, and the connector fails.
        DropSlot = "drop-slot",
    }
}

choice! {
    /// What is done to names that Avro does not allow.
    Names {
        /// Nothing.
        None = "none",
        /// Characters that Avro does not allow become `_`.
        Avro = "avro",
        /// Characters that Avro does not allow become `_uXXXX`.
        AvroUnicode = "avro_unicode",
    }
}

choice! {
    /// How a connection is secured.
    TlsMode {
        /// Plain text.
        Disable = "disable",
        /// Encrypted, the server not verified.
        Require = "require",
        /// The certificate is verified, the host name is not.
        VerifyCa = "verify-ca",
        /// Certificate and host name are verified.
        VerifyFull = "verify-full",
    }
}

choice! {
    /// Where a column of an outbox goes.
    Place {
        /// A header of the record.
        Header = "header",
        /// A field beside the payload.
        Envelope = "envelope",
        /// The number of the partition.
        Partition = "partition",
    }
}

choice! {
    /// What becomes of an update of an outbox's row.
    OnUpdate {
        /// A warning in the log.
        Warn = "warn",
        /// An error in the log.
        Error = "error",
        /// The event cannot be told.
        Fatal = "fatal",
    }
}

choice! {
    /// What becomes of a column of an outbox that does not exist.
    Missing {
        /// The connector halts.
        Error = "error",
        /// It is left out.
        Ignore = "ignore",
    }
}

choice! {
    /// What becomes of null in JSON that is expanded.
    NullFields {
        /// It is left out.
        Ignore = "ignore",
        /// It is a field of optional bytes.
        OptionalBytes = "optional_bytes",
    }
}

choice! {
    /// What becomes of an empty list in JSON that is expanded.
    EmptyArrays {
        /// It is left out.
        Ignore = "ignore",
        /// It is a list of optional text.
        OptionalString = "optional_string",
    }
}

choice! {
    /// What becomes of a payload that cannot be expanded.
    UnfitJson {
        /// The event cannot be told.
        Poison = "poison",
        /// It stays text.
        Text = "text",
    }
}

choice! {
    /// How keys of an outbox are written.
    KeyFormat {
        /// As Avro of a registered schema.
        Avro = "avro",
        /// As plain text.
        Text = "text",
    }
}

choice! {
    /// How values of an outbox are written.
    ValueFormat {
        /// As Avro of a registered schema.
        Avro = "avro",
        /// As the payload's own bytes or text.
        Raw = "raw",
    }
}
