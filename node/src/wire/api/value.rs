//! Labels, numbers, times: values as callers write them and as the domain keeps them.
use super::form::{Field, Form};
use kindred_domain::{
    ids::LabelKey,
    limits::{LABELS_MAX, TEXT_MAX},
    record::Sealed,
    selector::{MICROS, Value},
};
use kindred_proto::v1;
use prost_types::{Duration, Timestamp};
use std::collections::BTreeMap;

/// Largest magnitude of a number label: its millionths must fit.
const NUMBER_MAX: f64 = 9.0e12;
/// Last second of the year 9999.
const SECONDS_MAX: i64 = 253_402_300_799;

impl Form<'_> {
    /// A moment, milliseconds since 1970; finer parts are cut off.
    pub fn time(&mut self, field: Field<'_>, time: Option<Timestamp>) -> Option<u64> {
        let time = time?;
        if !(0..=SECONDS_MAX).contains(&time.seconds) || !(0..1_000_000_000).contains(&time.nanos) {
            self.fail(field, "is not a time between the years 1970 and 9999");
            return None;
        }
        Some(time.seconds as u64 * 1_000 + time.nanos as u64 / 1_000_000)
    }

    /// A length of time within `range` (milliseconds); finer parts are cut off.
    pub fn duration(&mut self, field: Field<'_>, duration: Option<Duration>, range: (u64, u64)) -> Option<u64> {
        let duration = duration?;
        let length = u64::try_from(duration.seconds).ok().zip(u64::try_from(duration.nanos).ok());
        let length_ms = length.and_then(|(seconds, nanos)| seconds.checked_mul(1_000)?.checked_add(nanos / 1_000_000));
        match length_ms {
            Some(length_ms) if (range.0..=range.1).contains(&length_ms) => Some(length_ms),
            _ => {
                self.fail(field, format!("is not within {} ms and {} ms", range.0, range.1));
                None
            }
        }
    }

    /// A number kept in millionths, within `least` and `most`.
    pub fn micros(&mut self, field: Field<'_>, number: f64, least: f64, most: f64) -> i64 {
        if !(number >= least && number <= most) {
            self.fail(field, format!("is {number}, not within {least} and {most}"));
            return 0;
        }
        (number * MICROS as f64).round() as i64
    }

    /// A label's value.
    pub fn value(&mut self, field: Field<'_>, value: Option<v1::LabelValue>) -> Value {
        use v1::label_value::Kind;
        match value.and_then(|value| value.kind) {
            Some(Kind::StringValue(text)) => Value::Text(self.text(field, text, TEXT_MAX)),
            Some(Kind::NumberValue(number)) => Value::Micros(self.micros(field, number, -NUMBER_MAX, NUMBER_MAX)),
            Some(Kind::BoolValue(flag)) => Value::Flag(flag),
            None => {
                self.fail(field, "has no value");
                Value::Flag(false)
            }
        }
    }

    /// Labels by key.
    pub fn labels(&mut self, field: Field<'_>, labels: BTreeMap<String, v1::LabelValue>) -> BTreeMap<LabelKey, Value> {
        if !self.count(field, labels.len(), LABELS_MAX) {
            return BTreeMap::new();
        }
        let mut read = BTreeMap::new();
        for (key, value) in labels {
            let value = self.value(&format_args!("{field}[{key:?}]"), Some(value));
            if let Some(key) = self.id(&format_args!("{field}[{key:?}]"), &key) {
                read.insert(key, value);
            }
        }
        read
    }
}

/// A label's value as callers see it.
pub fn value(value: &Value) -> v1::LabelValue {
    use v1::label_value::Kind;
    let kind = match value {
        Value::Text(text) => Kind::StringValue(text.clone()),
        Value::Micros(micros) => Kind::NumberValue(from_micros(*micros)),
        Value::Flag(flag) => Kind::BoolValue(*flag),
    };
    v1::LabelValue { kind: Some(kind) }
}

/// Labels as callers see them.
pub fn labels(labels: &BTreeMap<LabelKey, Value>) -> BTreeMap<String, v1::LabelValue> {
    labels.iter().map(|(key, label)| (key.to_string(), value(label))).collect()
}

/// A number kept in millionths.
pub fn from_micros(micros: i64) -> f64 {
    micros as f64 / MICROS as f64
}

/// A moment.
pub fn time(at_ms: u64) -> Timestamp {
    Timestamp { seconds: (at_ms / 1_000) as i64, nanos: (at_ms % 1_000) as i32 * 1_000_000 }
}

/// A moment that may not be; 0 counts as none.
pub fn some_time(at_ms: u64) -> Option<Timestamp> {
    (at_ms > 0).then(|| time(at_ms))
}

/// A length of time.
pub fn duration(length_ms: u64) -> Duration {
    Duration { seconds: (length_ms / 1_000) as i64, nanos: (length_ms % 1_000) as i32 * 1_000_000 }
}

/// A length of time that may not be; 0 counts as none.
pub fn some_duration(length_ms: u64) -> Option<Duration> {
    (length_ms > 0).then(|| duration(length_ms))
}

/// Customer text as it is kept: key 0 is not encrypted, until there are keys.
pub fn seal(bytes: impl Into<Vec<u8>>) -> Sealed {
    Sealed { key_id: 0, nonce: Vec::new(), bytes: bytes.into() }
}

/// Sealed text as callers see it; empty where its key is not here.
pub fn unseal_text(sealed: &Sealed) -> String {
    String::from_utf8_lossy(unseal(sealed)).into_owned()
}

/// Sealed bytes as callers see them; empty where their key is not here.
pub fn unseal(sealed: &Sealed) -> &[u8] {
    if sealed.key_id == 0 { &sealed.bytes } else { &[] }
}
