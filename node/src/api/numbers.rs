//! Values of an enumeration that a list or stream is narrowed to.
use crate::wire::api::{Field, Form};

/// Values given in one request; more than any of our enumerations has.
pub const NUMBERS_MAX: usize = 64;

/// A set of enumeration values as bits: a look at a record on the apply thread costs the same however many are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers([u128; 2]);

impl Numbers {
    /// Reads a repeated enumeration. Unknown values and too many of them are told to the form.
    pub fn read<E: TryFrom<i32> + Default>(form: &mut Form<'_>, field: Field<'_>, given: &[i32]) -> Self {
        let mut read = Self::default();
        if form.count(field, given.len(), NUMBERS_MAX) {
            for (at, number) in given.iter().enumerate() {
                form.known::<E>(&format_args!("{field}[{at}]"), *number);
                let bits = bits(*number);
                read.0.iter_mut().zip(bits).for_each(|(all, bits)| *all |= bits);
            }
        }
        read
    }

    /// Nothing given: no condition.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Whether a value was given.
    pub fn contains(self, number: i32) -> bool {
        self.0.iter().zip(bits(number)).any(|(all, bits)| all & bits != 0)
    }
}

/// The bit of a value. Enumerations of the public API stay below 256 (a test holds that); others have none.
fn bits(number: i32) -> [u128; 2] {
    let bit =
        |from: u32| u32::try_from(number).ok().and_then(|n| n.checked_sub(from)).and_then(|n| 1_u128.checked_shl(n));
    [bit(0).unwrap_or(0), bit(128).unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use kindred_proto::v1::event::Kind;
    use prost::Message as _;

    fn read(given: &[i32]) -> (Numbers, bool) {
        let tenant = "acme".into();
        let mut form = Form::new(&tenant);
        let numbers = Numbers::read::<Kind>(&mut form, &"kinds", given);
        (numbers, form.finish(()).is_ok())
    }

    #[test]
    fn what_is_given_is_contained_and_too_many_are_refused() {
        let offer = i32::from(Kind::OfferMade);
        let (numbers, good) = read(&[offer, offer]);
        assert!(good && numbers.contains(offer) && !numbers.contains(0) && !numbers.contains(-1));
        assert!(read(&[]).0.is_empty());
        assert!(!read(&[999]).1);
        assert!(read(&[offer; NUMBERS_MAX]).1);
        let (numbers, good) = read(&[offer; NUMBERS_MAX + 1]);
        assert!(!good && numbers.is_empty());
    }

    #[test]
    fn every_value_of_the_public_api_has_a_bit() {
        let set = prost_types::FileDescriptorSet::decode(kindred_proto::FILE_DESCRIPTOR_SET).expect("our own");
        let messages =
            set.file.iter().filter(|file| file.package() == "kindred.v1").flat_map(|file| &file.message_type);
        let values: Vec<i32> =
            messages.flat_map(|message| &message.enum_type).flat_map(|kind| &kind.value).map(|v| v.number()).collect();
        assert!(values.len() > 50);
        assert!(values.iter().all(|value| bits(*value) != [0, 0]));
    }
}
