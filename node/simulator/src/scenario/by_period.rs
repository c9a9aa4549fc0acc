//! A value for the whole day, or one for each period: `12` or `[12, 18, 9]`.
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserialize, Deserializer,
    de::{
        Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub enum ByPeriod<T> {
    /// The same all day.
    Same(T),
    /// One for each period.
    Each(Vec<T>),
}

impl<T> ByPeriod<T> {
    /// The value in a period; the last one holds on after the end.
    pub fn at(&self, period: usize) -> Option<&T> {
        match self {
            Self::Same(value) => Some(value),
            Self::Each(values) => values.get(period).or(values.last()),
        }
    }

    /// The values written, with what their path ends in.
    pub fn written(&self) -> Vec<(String, &T)> {
        match self {
            Self::Same(value) => vec![(String::new(), value)],
            Self::Each(values) => values.iter().enumerate().map(|(at, value)| (format!("[{at}]"), value)).collect(),
        }
    }

    /// How many values a list has; `None` of one for all.
    pub fn listed(&self) -> Option<usize> {
        match self {
            Self::Same(_) => None,
            Self::Each(values) => Some(values.len()),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByPeriod<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrList(PhantomData))
    }
}

struct OneOrList<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrList<T> {
    type Value = ByPeriod<T>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("one value for the whole day, or a list with one for each period")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(ByPeriod::Same)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(ByPeriod::Same)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(ByPeriod::Same)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(ByPeriod::Each)
    }
}

impl<T: JsonSchema> JsonSchema for ByPeriod<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("ByPeriod_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        let each = generator.subschema_for::<Vec<T>>();
        schemars::json_schema!({
            "description": "One for the whole day, or a list with one for each period.",
            "anyOf": [one, each]
        })
    }
}
