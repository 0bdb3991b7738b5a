//! ENUM and SET.

use super::super::form::Labels;
use super::super::{Bad, Written};
use walbrook_core::avro::write;

/// The label of an ENUM by its number from 1; 0 is the empty text that stands for an invalid value.
#[inline]
pub fn enum_index(labels: &Labels, index: usize, out: &mut Vec<u8>) -> Result<Written, Bad> {
    let label = match index.checked_sub(1) {
        None => "",
        Some(place) => labels.get(place).ok_or(Bad::Label)?,
    };
    write::string(out, label);
    Ok(Written::Value)
}

/// The labels of a SET, joined by commas, by its mask: the first label is the lowest bit.
pub fn set_mask(labels: &Labels, mask: u64, out: &mut Vec<u8>) -> Result<Written, Bad> {
    if labels.len() < 64 && mask >> labels.len() != 0 {
        return Err(Bad::Label);
    }
    let chosen = || labels.iter().enumerate().filter(|(bit, _)| mask >> (bit & 63) & 1 == 1);
    let length: usize = chosen().map(|(_, label)| label.len() + 1).sum();
    write::long(out, length.saturating_sub(1) as i64);
    for (place, (_, label)) in chosen().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        out.extend_from_slice(label.as_bytes());
    }
    Ok(Written::Value)
}
