//! Random configurations of every kind the protos describe: written, read and written again they are the same.
use super::{
    Configuration, calendar,
    compare::compare,
    files::{self, document},
    kinds::Kind,
    schema::Schema,
    source,
    tenant::standing,
    tree::Tree,
};
use proptest::prelude::*;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind as FieldKind, MapKey, MessageDescriptor, Value};
use rand::{Rng as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

const TENANT: &str = "acme";
/// Decoding the protos' descriptors takes longer than a case.
static KNOWN: LazyLock<Configuration> = LazyLock::new(|| Configuration::new().unwrap());
/// Texts that YAML's readers stumble over.
const TEXTS: &[&str] = &[
    "Gold team",
    "yes",
    "on",
    "~",
    "null",
    "007",
    "1e3",
    "0x1f",
    "12:30",
    ".inf",
    "infinity",
    "- a",
    "a: b",
    "a #b",
    "{a",
    "[",
    "%",
    "@",
    "!x",
    "&x",
    "*x",
    "|",
    ">",
    "'",
    "\"",
    "\\",
    "two\nlines",
    "\ttab",
    "trailing ",
    " leading",
    "---",
    "...",
    "ünï",
    "日本",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{7f}",
    "\u{0}",
    "😀",
    "? a",
    "20s",
    "1.5s",
    "2027-01-01",
    "=",
    "<<",
    "",
];
const IDS: &[&str] = &["a", "b-1", "c.d", "007", "null", "yes", "e_f"];
const CHANNELS: &[&str] = &["voice", "chat", "email", "fax"];

/// Draws messages as a server could tell them.
struct Dice<'a> {
    schema: &'a Schema,
    random: ChaCha8Rng,
}

impl Dice<'_> {
    fn message(&mut self, message: &MessageDescriptor, depth: usize) -> DynamicMessage {
        let mut drawn = DynamicMessage::new(message.clone());
        match message.full_name() {
            "google.protobuf.Duration" => {
                let ms =
                    *[0, 1, 50, 999, 1_000, 60_000, 600_000, 14_400_000, 5_400_001].choose(&mut self.random).unwrap();
                set_time(&mut drawn, ms);
                return drawn;
            }
            "google.protobuf.Timestamp" => {
                set_time(&mut drawn, self.random.random_range(0..4_000_000_000_000_i64));
                return drawn;
            }
            "kindred.v1.HoursInterval" => {
                let [from, until, minute] = [24, 25, 60].map(|most| self.random.random_range(0..most));
                calendar::read_hours(&mut drawn, &format!("{from}:{minute}-{until}:00")).unwrap();
                return drawn;
            }
            "kindred.v1.LocalDate" => {
                let [month, day] = [13, 32].map(|most| self.random.random_range(1..most));
                let year = if self.random.random_bool(0.5) { "2027-" } else { "" };
                calendar::read_date(&mut drawn, &format!("{year}{month}-{day}")).unwrap();
                return drawn;
            }
            _ => {}
        }
        if message.name() == "LabelValue" {
            // It has exactly one value.
            let fields = self.schema.fields(message);
            let field = fields.choose(&mut self.random).unwrap();
            let value = self.value(field, depth);
            drawn.set_field(field, value);
            return drawn;
        }
        for field in self.schema.fields(message) {
            let rivals = field.containing_oneof();
            let is_taken = rivals.is_some_and(|rivals| rivals.fields().any(|rival| drawn.has_field(&rival)));
            let must = self.schema.is_required(&field);
            if !is_taken && (must || self.random.random_bool(0.6)) {
                let value = self.value(&field, depth);
                drawn.set_field(&field, value);
            }
        }
        drawn
    }

    fn value(&mut self, field: &FieldDescriptor, depth: usize) -> Value {
        let many = if depth > 4 { 0 } else { self.random.random_range(0..4) };
        if field.is_map() {
            let FieldKind::Message(pair) = field.kind() else { unreachable!() };
            let values = pair.map_entry_value_field();
            let mut entries = HashMap::new();
            for _ in 0..many {
                let key = *CHANNELS.iter().chain(TEXTS).collect::<Vec<_>>().choose(&mut self.random).unwrap();
                entries.insert(MapKey::String(key.to_string()), self.item(&values, depth));
            }
            Value::Map(entries)
        } else if field.is_list() {
            Value::List((0..many).map(|_| self.item(field, depth)).collect())
        } else {
            self.item(field, depth)
        }
    }

    fn item(&mut self, field: &FieldDescriptor, depth: usize) -> Value {
        let number = self.random.random_range(0..200_u32);
        match field.kind() {
            FieldKind::Message(message) => Value::Message(self.message(&message, depth + 1)),
            FieldKind::String => match self.schema.reference(field) {
                Some(collection) => Value::String(format!("tenants/{TENANT}/{collection}/{}", self.id())),
                None => Value::String(TEXTS.choose(&mut self.random).unwrap().to_string()),
            },
            FieldKind::Bool => Value::Bool(self.random.random_bool(0.5)),
            FieldKind::Enum(words) => {
                let known: Vec<i32> = words.values().map(|value| value.number()).filter(|n| *n != 0).collect();
                Value::EnumNumber(*known.choose(&mut self.random).unwrap())
            }
            FieldKind::Double => Value::F64(f64::from(self.random.random_range(-5_000_000..5_000_000)) / 1.0e6),
            FieldKind::Int32 => Value::I32(number as i32 - 100),
            FieldKind::Int64 => Value::I64(i64::from(number) - 100),
            FieldKind::Uint32 => Value::U32(number),
            FieldKind::Uint64 => Value::U64(u64::from(number)),
            other => panic!("{}: {other:?} cannot be written in a file", field.full_name()),
        }
    }

    fn id(&mut self) -> String {
        IDS.choose(&mut self.random).unwrap().to_string()
    }

    /// Some of every kind.
    fn everything(&mut self, kinds: &[Kind]) -> Vec<super::tenant::Standing> {
        let mut drawn = BTreeMap::new();
        for (at, kind) in kinds.iter().enumerate() {
            for _ in 0..self.random.random_range(0..4) {
                let (id, mut message) = (self.id(), self.message(&kind.message, 0));
                message.set_field_by_name("name", Value::String(format!("tenants/{TENANT}/{}/{id}", kind.collection)));
                drawn.insert((at, id), standing(self.schema, at, &message));
            }
        }
        drawn.into_values().collect()
    }
}

fn set_time(message: &mut DynamicMessage, ms: i64) {
    message.set_field_by_name("seconds", Value::I64(ms / 1_000));
    message.set_field_by_name("nanos", Value::I32((ms % 1_000) as i32 * 1_000_000));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_reads_back_the_same(seed: u64) {
        let Configuration { schema, kinds } = &*KNOWN;
        let mut dice = Dice { schema, random: ChaCha8Rng::seed_from_u64(seed) };
        let all = dice.everything(kinds);
        let yaml = document(kinds, &all, |_| true, false).yaml();
        let read = files::understand(schema, kinds, TENANT, &[("all.yaml".into(), yaml.clone())]);
        let files = read.unwrap_or_else(|error| panic!("{error}\n{yaml}"));
        prop_assert_eq!(files.wanted.len(), all.len());
        for (wanted, one) in files.wanted.iter().zip(&all) {
            prop_assert_eq!(compare(&one.tree, &wanted.tree), vec![], "{}", yaml);
            prop_assert_eq!(schema.named(&wanted.message).len(), schema.named(&one.message).len());
        }
        let again: Vec<_> = files.wanted.iter().map(|one| {
            let name = format!("tenants/{TENANT}/{}/{}", kinds[one.kind].collection, one.id);
            let mut message = one.message.clone();
            message.set_field_by_name("name", Value::String(name));
            standing(schema, one.kind, &message)
        }).collect();
        prop_assert_eq!(document(kinds, &again, |_| true, false).yaml(), yaml);
    }

    #[test]
    fn any_text_survives_yaml(text: String, key: String) {
        let tree = Tree::Map(vec![(key.clone(), Tree::List(vec![Tree::text(text.clone())]))]);
        let node = source::parse(&tree.yaml()).unwrap_or_else(|fault| panic!("{fault:?}\n{}", tree.yaml()));
        let entry = &node.entries().unwrap()[0];
        prop_assert_eq!(&entry.key, &key);
        let source::Content::List(items) = &entry.value.content else { panic!("no list") };
        let source::Content::Scalar { text: read, .. } = &items[0].content else { panic!("no text") };
        prop_assert_eq!(read, &text);
    }

    #[test]
    fn no_input_panics(text in "[a-z:\\- {}\\[\\],&*!|>'\"\n#]{0,200}") {
        // Whether it can be read or not is not the question.
        let _ = files::understand(&KNOWN.schema, &KNOWN.kinds, TENANT, &[("a".into(), text)]);
    }
}
