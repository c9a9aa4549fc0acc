//! Values as scenarios write them: durations, states, labels, selectors.
use kindred_domain::{ids::*, record::*, selector::*};
use std::collections::BTreeMap;

/// `20s`, `500ms`, `5m`, `4h`, `1d`, or 0.
pub fn duration(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" | "" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        unit => return Err(format!("no unit of time: {unit}")),
    };
    Ok(number::<u64>(digits)? * unit)
}

pub fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("not a number: {text}"))
}

/// How a state is written: as in the public API.
pub fn upper(debug: impl std::fmt::Debug) -> String {
    let text = format!("{debug:?}");
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        if c.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

/// One of a kind by its name in the public API.
pub fn one_of<T: Copy + std::fmt::Debug>(all: &[T], text: &str) -> Result<T, String> {
    let found = all.iter().find(|one| upper(one) == text).copied();
    found.ok_or_else(|| {
        let names: Vec<String> = all.iter().map(upper).collect();
        format!("{text} is none of {names:?}")
    })
}

pub fn presence(text: &str) -> Result<PresenceStatus, String> {
    use PresenceStatus::*;
    one_of(&[Offline, Available, Break, Away], text)
}

pub fn close_reason(text: &str) -> Result<CloseReason, String> {
    use CloseReason::*;
    let all = [Completed, Abandoned, Cancelled, Deflected, Expired, Merged, Spam, LostMedia, NoAnswer];
    one_of(&all, text)
}

pub fn answer_mode(text: &str) -> Result<AnswerMode, String> {
    use AnswerMode::*;
    one_of(&[AgentAccepts, RingIsOffer, Auto], text)
}

pub fn mode(text: &str) -> Result<Mode, String> {
    use Mode::*;
    let all = [
        LongestIdle,
        LeastLoaded,
        RoundRobin,
        FewestHandled,
        Tiered,
        Random,
        BestMatch,
        PercentSplit,
        RingAll,
        Affinity,
    ];
    one_of(&all, text)
}

/// A number, `true`, `false`, or text.
pub fn value(text: &str) -> Value {
    match text {
        "true" => Value::Flag(true),
        "false" => Value::Flag(false),
        _ => match text.parse::<i64>() {
            Ok(number) => Value::Micros(number * 1_000_000),
            Err(_) => Value::Text(text.to_string()),
        },
    }
}

/// `tier:gold,age:5`.
pub fn labels(items: &[&str]) -> Result<BTreeMap<LabelKey, Value>, String> {
    let label = |item: &&str| {
        let (key, text) = item.split_once(':').ok_or(format!("no label: {item}"))?;
        Ok((LabelKey::new(key), value(text)))
    };
    items.iter().map(label).collect()
}

/// `french:80`.
pub fn grades<K: Ord + for<'a> From<&'a str>>(items: &[&str]) -> Result<BTreeMap<K, u8>, String> {
    let grade = |item: &&str| {
        let (key, text) = item.split_once(':').ok_or(format!("no grade: {item}"))?;
        Ok((K::from(key), number(text)?))
    };
    items.iter().map(grade).collect()
}

/// `skill.french>=50&label.tier=gold`, or with `|`; `!` before a comparison; `none` for no selector.
pub fn selector(text: &str) -> Result<Option<Selector>, String> {
    if text == "none" {
        return Ok(None);
    }
    let all = |by: char| text.split(by).map(comparison).collect::<Result<Vec<_>, _>>();
    Ok(Some(match (text.contains('&'), text.contains('|')) {
        (true, _) => Selector::And(all('&')?),
        (_, true) => Selector::Or(all('|')?),
        _ => comparison(text)?,
    }))
}

fn comparison(text: &str) -> Result<Selector, String> {
    if let Some(rest) = text.strip_prefix('!').filter(|rest| !rest.starts_with('=')) {
        return Ok(Selector::Not(Box::new(comparison(rest)?)));
    }
    let operators = [
        (">=", Comparison::Ge),
        ("<=", Comparison::Le),
        ("!=", Comparison::Ne),
        (">", Comparison::Gt),
        ("<", Comparison::Lt),
        ("=", Comparison::Eq),
    ];
    let found = operators
        .iter()
        .find_map(|(sign, comparison)| text.split_once(sign).map(|(left, right)| (left, *comparison, right)));
    let (left, comparison, right) = found.ok_or(format!("no comparison: {text}"))?;
    let operand = match left.split_once('.') {
        Some(("skill", name)) => Operand::Skill(Skill::new(name)),
        Some(("label", name)) => Operand::Label(LabelKey::new(name)),
        _ => return Err(format!("neither skill. nor label.: {left}")),
    };
    Ok(Selector::Compare { operand, comparison, value: value(right) })
}
