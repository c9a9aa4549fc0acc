//! Damaging an input a little, as libFuzzer does it without looking into the program.
use super::Chance;

/// Inputs do not grow beyond this.
const BYTES_MAX: usize = 8 * 1024;
/// Numbers at which decoders go wrong.
const ODD_BYTES: &[u8] = &[0, 1, 0x7f, 0x80, 0xff];

/// An input damaged in one to four places; `other` may lend it bytes.
pub fn mutated(input: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..1 + chance.below(4) {
        once(&mut bytes, other, chance);
    }
    bytes.truncate(BYTES_MAX);
    bytes
}

fn once(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    let at = chance.below(bytes.len());
    let piece = |of: &[u8], chance: &mut Chance| {
        let from = chance.below(of.len());
        let many = 1 + chance.below((of.len() - from).min(32));
        of[from..(from + many).min(of.len())].to_vec()
    };
    match chance.below(9) {
        _ if bytes.is_empty() => bytes.push(chance.draw() as u8),
        0 => bytes[at] ^= 1 << chance.below(8),
        1 => bytes[at] = chance.draw() as u8,
        2 => bytes[at] = ODD_BYTES[chance.below(ODD_BYTES.len())],
        3 => bytes[at] = bytes[at].wrapping_add(if chance.below(2) == 0 { 1 } else { u8::MAX }),
        4 => bytes.truncate(at),
        5 => drop(bytes.remove(at)),
        6 => bytes.insert(at, chance.draw() as u8),
        7 => {
            let again = piece(bytes, chance);
            bytes.splice(at..at, again);
        }
        _ => {
            let lent = piece(other, chance);
            let until = (at + lent.len()).min(bytes.len());
            bytes.splice(at..until, lent);
        }
    }
}
