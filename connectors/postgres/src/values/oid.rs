//! OIDs of built-in types (`pg_type.dat`).

macro_rules! oids {
    ($($name:ident = $oid:literal),+ $(,)?) => { $(pub(super) const $name: u32 = $oid;)+ };
}

oids! {
    BOOL = 16, BYTEA = 17, CHAR = 18, NAME = 19, INT8 = 20, INT2 = 21, INT4 = 23, TEXT = 25,
    OID = 26, JSON = 114, XML = 142, POINT = 600, LSEG = 601, PATH = 602, BOX = 603, POLYGON = 604,
    LINE = 628, CIDR = 650, FLOAT4 = 700, FLOAT8 = 701, CIRCLE = 718, MACADDR8 = 774, MONEY = 790,
    MACADDR = 829, INET = 869, BPCHAR = 1042, VARCHAR = 1043, DATE = 1082, TIME = 1083,
    TIMESTAMP = 1114, TIMESTAMPTZ = 1184, INTERVAL = 1186, TIMETZ = 1266, BIT = 1560, VARBIT = 1562,
    NUMERIC = 1700, UUID = 2950, TSVECTOR = 3614, JSONB = 3802, INT4RANGE = 3904, NUMRANGE = 3906,
    TSRANGE = 3908, TSTZRANGE = 3910, DATERANGE = 3912, INT8RANGE = 3926,
}
