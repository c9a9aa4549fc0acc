//! Keys sort as their parts do.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Parts {
    tenant: String,
    name: String,
    number: u64,
    uid: u128,
}

impl Parts {
    fn key(&self) -> Vec<u8> {
        let mut key = KeyBuf::new();
        key.text(&self.tenant).text(&self.name).number(self.number).uid(self.uid);
        key.bytes().to_vec()
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]{0,3}", "[\u{0}-\u{2}a\u{ff}]{0,4}", "\\PC{0,6}"]
}

fn parts() -> impl Strategy<Value = Parts> {
    (text(), text(), prop_oneof![0..3u64, any::<u64>()], any::<u128>()).prop_map(|(tenant, name, number, uid)| Parts {
        tenant,
        name,
        number,
        uid,
    })
}

proptest! {
    #[test]
    fn keys_sort_as_their_parts(a in parts(), b in parts()) {
        prop_assert_eq!(a.key().cmp(&b.key()), a.cmp(&b));
    }

    #[test]
    fn keys_are_read_back(parts in parts()) {
        let key = parts.key();
        let mut reader = KeyReader::new(&key);
        prop_assert_eq!(reader.text(), Some(parts.tenant));
        prop_assert_eq!(reader.text(), Some(parts.name));
        prop_assert_eq!(reader.number(), Some(parts.number));
        prop_assert_eq!(reader.uid(), Some(parts.uid));
        prop_assert!(reader.is_at_end());
    }

    #[test]
    fn no_tenant_is_in_the_range_of_another(a in text(), b in text(), number: u64) {
        let prefix = KeyBuf::new().text(&a).bytes().to_vec();
        let inside = KeyBuf::new().text(&b).number(number).bytes().to_vec();
        prop_assert_eq!(inside.starts_with(&prefix), a == b);
        let end = key::after_prefix(&prefix).expect("a text part ends with a zero");
        prop_assert_eq!((prefix.as_slice()..end.as_slice()).contains(&inside.as_slice()), a == b);
    }

    #[test]
    fn odd_keys_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut reader = KeyReader::new(&bytes);
        let _ = (reader.text(), reader.number(), reader.byte(), reader.text(), reader.uid());
    }

    #[test]
    fn entries_and_generations_sort(a: (u32, u64), b: (u32, u64), c: (u32, u32), d: (u32, u32)) {
        prop_assert_eq!(key::entry(a.0, a.1).cmp(&key::entry(b.0, b.1)), a.cmp(&b));
        prop_assert_eq!(key::prefix(c.0, c.1).cmp(&key::prefix(d.0, d.1)), c.cmp(&d));
    }
}

#[test]
fn the_end_of_a_prefix() {
    assert_eq!(key::after_prefix(&[1, 2]), Some(vec![1, 3]));
    assert_eq!(key::after_prefix(&[1, 255]), Some(vec![2]));
    assert_eq!(key::after_prefix(&[255, 255]), None);
    assert_eq!(key::after_prefix(&[]), None);
}
