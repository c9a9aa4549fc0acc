//! Single values as a person writes them: `20s`, `LONGEST_IDLE`, `0.5`.
use super::{calendar, source::Content, tree::Tree};
use prost_reflect::{DynamicMessage, EnumDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage as _, Value};
use serde_json::Number;

/// The server keeps so many decimals.
const MILLIONTHS: f64 = 1.0e6;
/// Units of time, the longest first, in milliseconds.
const UNITS: &[(&str, u64)] = &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// What a message means that is written as a single value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Single {
    Duration,
    Timestamp,
    /// A label's value: text, a number, true or false.
    Label,
    /// From one time of a day to another.
    Hours,
    /// Of one year or of every year.
    Date,
}

impl Single {
    pub fn of(message: &MessageDescriptor) -> Option<Single> {
        match message.full_name() {
            "google.protobuf.Duration" => Some(Single::Duration),
            "google.protobuf.Timestamp" => Some(Single::Timestamp),
            "kindred.v1.LabelValue" => Some(Single::Label),
            "kindred.v1.HoursInterval" => Some(Single::Hours),
            "kindred.v1.LocalDate" => Some(Single::Date),
            _ => None,
        }
    }
}

/// Reads a value of a kind that is no message.
pub fn read(kind: &Kind, content: &Content) -> Result<Value, String> {
    let Content::Scalar { text, in_quotes } = content else { return Err(format!("is {}", wanted(kind))) };
    let quoted = |what: &str| if *in_quotes { Err(format!("wants {what}, without quotes")) } else { Ok(text.as_str()) };
    match kind {
        Kind::String => text_of(text, *in_quotes).map(Value::String),
        Kind::Bool => flag(quoted("true or false")?).map(Value::Bool).ok_or_else(|| "wants true or false".into()),
        Kind::Enum(words) => word(words, text).map(Value::EnumNumber),
        Kind::Double => number(quoted("a number")?).map(Value::F64),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => whole(quoted("a whole number")?).map(Value::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => whole(quoted("a whole number")?).map(Value::I64),
        Kind::Uint32 | Kind::Fixed32 => whole(quoted("a whole number")?).map(Value::U32),
        Kind::Uint64 | Kind::Fixed64 => whole(quoted("a whole number")?).map(Value::U64),
        Kind::Float | Kind::Bytes | Kind::Message(_) => Err("cannot be written in a file; use the API".into()),
    }
}

fn wanted(kind: &Kind) -> &'static str {
    match kind {
        Kind::String => "no text: it wants text",
        Kind::Enum(_) => "no word: it wants one word",
        _ => "no single value",
    }
}

/// Reads a message that is written as a single value.
pub fn read_single(single: Single, message: &MessageDescriptor, content: &Content) -> Result<Value, String> {
    let Content::Scalar { text, in_quotes } = content else { return Err("wants a single value".into()) };
    let mut read = DynamicMessage::new(message.clone());
    match single {
        Single::Duration => {
            let length_ms = length(text)?;
            set_time(&mut read, (length_ms / 1_000) as i64, (length_ms % 1_000) as i32 * 1_000_000);
        }
        Single::Timestamp => {
            let moment: jiff::Timestamp =
                text.parse().map_err(|_| "wants a time like 2027-01-01T09:00:00Z".to_owned())?;
            set_time(&mut read, moment.as_second(), moment.subsec_nanosecond());
        }
        Single::Hours => calendar::read_hours(&mut read, text)?,
        Single::Date => calendar::read_date(&mut read, text)?,
        Single::Label if *in_quotes => read.set_field_by_name("string_value", Value::String(text.clone())),
        Single::Label => match (flag(text), is_number(text)) {
            (Some(flag), _) => read.set_field_by_name("bool_value", Value::Bool(flag)),
            (None, true) => read.set_field_by_name("number_value", Value::F64(number(text)?)),
            (None, false) => read.set_field_by_name("string_value", Value::String(text_of(text, false)?)),
        },
    }
    Ok(Value::Message(read))
}

fn set_time(message: &mut DynamicMessage, seconds: i64, nanos: i32) {
    message.set_field_by_name("seconds", Value::I64(seconds));
    message.set_field_by_name("nanos", Value::I32(nanos));
}

/// Text without quotes is refused where other readers of YAML take it for something else.
fn text_of(text: &str, in_quotes: bool) -> Result<String, String> {
    let other = is_number(text) || flag(text).is_some() || matches!(text, "" | "~" | "null");
    if other && !in_quotes { Err(format!("wants text: write \"{text}\" in quotes")) } else { Ok(text.to_owned()) }
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn whole<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("wants a whole number, not `{text}`, and one that fits"))
}

/// Rust reads `infinity` too, which is a word.
fn is_number(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    begins && text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn number(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|_| is_number(text));
    let number = number.ok_or_else(|| format!("wants a number, not `{text}`"))?;
    let kept = (number * MILLIONTHS).round() / MILLIONTHS;
    if kept == number { Ok(number) } else { Err("has more than the six decimals that are kept".into()) }
}

/// Reads `1h30m`, `20s`, `0s`; whole milliseconds.
fn length(text: &str) -> Result<u64, String> {
    let wrong = || format!("wants a length of time like 20s, 10m or 1h30m, not `{text}`");
    let (mut rest, mut sum) = (text, 0_u64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (count, tail) = rest.split_at(digits);
        let end = tail.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let (_, unit_ms) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let part = milliseconds(count, *unit_ms).ok_or_else(wrong)?;
        sum = sum.checked_add(part).ok_or_else(wrong)?;
        rest = tail;
    }
    if text.is_empty() { Err(wrong()) } else { Ok(sum) }
}

/// `1.5` of a unit; nothing if that is no whole number of milliseconds.
fn milliseconds(count: &str, unit_ms: u64) -> Option<u64> {
    let (whole, fraction) = count.split_once('.').unwrap_or((count, "0"));
    let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let parts = fraction.parse::<u64>().ok()?.checked_mul(unit_ms)?;
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit_ms)?;
    (parts % scale == 0).then(|| whole.checked_add(parts / scale))?
}

/// The number of an enumeration's word, with or without its prefix. What means "unset" is not written.
fn word(words: &EnumDescriptor, text: &str) -> Result<i32, String> {
    let known = words.values().filter(|value| value.number() != 0);
    let known: Vec<(String, i32)> = known.map(|value| (short(words, value.name()), value.number())).collect();
    let full = words.get_value_by_name(text).filter(|value| value.number() != 0).map(|value| value.number());
    let found = full.or_else(|| known.iter().find(|(name, _)| name == text).map(|(_, number)| *number));
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        format!("`{text}` is none of {}", names.join(", "))
    })
}

/// `MODE_LONGEST_IDLE` without what all words of its enumeration begin with, which is that of the word for "unset".
fn short(words: &EnumDescriptor, name: &str) -> String {
    let unset = words.default_value();
    let prefix = unset.name().strip_suffix("UNSPECIFIED").unwrap_or_default();
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}

/// Reads a key of a map.
pub fn read_key(kind: &Kind, text: &str) -> Result<MapKey, String> {
    match kind {
        Kind::String => Ok(MapKey::String(text.to_owned())),
        Kind::Int32 => whole(text).map(MapKey::I32),
        Kind::Int64 => whole(text).map(MapKey::I64),
        Kind::Uint32 => whole(text).map(MapKey::U32),
        Kind::Uint64 => whole(text).map(MapKey::U64),
        _ => Err("keys of this kind cannot be written in a file; use the API".into()),
    }
}

/// A key of a map as text.
pub fn key(key: &MapKey) -> String {
    match key {
        MapKey::String(text) => text.clone(),
        MapKey::Bool(flag) => flag.to_string(),
        MapKey::I32(number) => number.to_string(),
        MapKey::I64(number) => number.to_string(),
        MapKey::U32(number) => number.to_string(),
        MapKey::U64(number) => number.to_string(),
    }
}

/// A value that is no message, list or map.
pub fn tree(kind: &Kind, value: &Value) -> Tree {
    match value {
        Value::Bool(flag) => Tree::Leaf((*flag).into()),
        Value::I32(number) => Tree::Leaf((*number).into()),
        Value::I64(number) => Tree::Leaf((*number).into()),
        Value::U32(number) => Tree::Leaf((*number).into()),
        Value::U64(number) => Tree::Leaf((*number).into()),
        Value::F32(number) => decimal(f64::from(*number)),
        Value::F64(number) => decimal(*number),
        Value::String(text) => Tree::text(text),
        Value::EnumNumber(number) => {
            let name = kind.as_enum().and_then(|words| Some(short(words, words.get_value(*number)?.name())));
            // A word this program does not know yet.
            Tree::text(name.unwrap_or_else(|| number.to_string()))
        }
        Value::Bytes(_) | Value::Message(_) | Value::List(_) | Value::Map(_) => Tree::text("?"),
    }
}

/// A number, without decimals where it has none.
fn decimal(number: f64) -> Tree {
    let whole = number as i64;
    if whole as f64 == number {
        return Tree::Leaf(whole.into());
    }
    Tree::Leaf(Number::from_f64(number).map_or(serde_json::Value::Null, serde_json::Value::Number))
}

/// A message that is written as a single value.
pub fn single_tree(single: Single, message: &DynamicMessage) -> Tree {
    let field = |name: &str| message.get_field_by_name(name).map(|value| value.into_owned());
    let seconds = field("seconds").and_then(|value| value.as_i64()).unwrap_or(0);
    let nanos = field("nanos").and_then(|value| value.as_i32()).unwrap_or(0);
    match single {
        Single::Duration => {
            Tree::text(length_text(seconds.unsigned_abs() * 1_000 + u64::from(nanos.unsigned_abs()) / 1_000_000))
        }
        Single::Timestamp => {
            Tree::text(jiff::Timestamp::new(seconds, nanos).map_or_else(|_| "?".into(), |moment| moment.to_string()))
        }
        Single::Hours => Tree::text(calendar::hours_text(message)),
        Single::Date => Tree::text(calendar::date_text(message)),
        Single::Label => {
            let kind = message.descriptor().fields().find(|field| message.has_field(field));
            kind.map_or_else(|| Tree::text(""), |field| tree(&field.kind(), &message.get_field(&field)))
        }
    }
}

/// In the longest unit that says it without decimals.
fn length_text(length_ms: u64) -> String {
    if length_ms == 0 {
        return "0s".into();
    }
    let fits = UNITS.iter().find(|(_, unit_ms)| length_ms.is_multiple_of(*unit_ms));
    fits.map_or_else(|| format!("{length_ms}ms"), |(unit, unit_ms)| format!("{}{unit}", length_ms / unit_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        let read = |text: &str| length(text).ok();
        assert_eq!(read("20s"), Some(20_000));
        assert_eq!(read("1h30m"), Some(5_400_000));
        assert_eq!(read("0.5s"), Some(500));
        assert_eq!(read("0s"), Some(0));
        assert_eq!(read("90d"), Some(7_776_000_000));
        assert_eq!(["", "20", "s", "1x", "-1s", "0.0001s", "1.s", "99999999999999999999s"].map(read), [None; 8]);
        assert_eq!(
            [0, 1, 1_500, 60_000, 5_400_000, 86_400_000].map(length_text),
            ["0s", "1ms", "1500ms", "1m", "90m", "1d"]
        );
    }

    #[test]
    fn text_that_looks_like_something_else_wants_quotes() {
        let plain = |text: &str| read(&Kind::String, &Content::Scalar { text: text.into(), in_quotes: false });
        assert_eq!(plain("Gold team"), Ok(Value::String("Gold team".into())));
        assert!(["7", "true", "", "~", "1e3"].iter().all(|text| plain(text).is_err()));
        assert_eq!(number("0.5"), Ok(0.5));
        assert!(number("0.1234567").is_err() && number("nan").is_err() && number("x").is_err());
    }
}
