//! A length in front of what is known only once it is written.

use super::Bad;
use walbrook_core::avro::write;

/// Appends what `body` writes as Avro `bytes` or `string`: its length first.
#[inline]
pub(super) fn prefixed(
    out: &mut Vec<u8>,
    body: impl FnOnce(&mut Vec<u8>) -> Result<(), Bad>,
) -> Result<(), Bad> {
    let start = out.len();
    body(out)?;
    let end = out.len();
    write::long(out, (end - start) as i64);
    let prefix = out.len() - end;
    if let Some(whole) = out.get_mut(start..) {
        whole.rotate_right(prefix);
    }
    Ok(())
}
