//! What is given out comes back: names, tokens, etags, times, labels and selectors are read as they were told.
use super::{
    Form, Refused,
    form::etag,
    name::{Named, assignment_name, full_name, node_name, read_node_name},
    selector::selector,
    token::Place,
    value,
};
use kindred_domain::{
    ids::*,
    limits::{NAME_MAX, SELECTOR_DEPTH_MAX, SELECTOR_NODES_MAX},
    selector::{Comparison, Operand, Selector, Value},
};
use proptest::{collection::vec, prelude::*};
use std::ops::Deref;

fn acme() -> TenantId {
    TenantId::from("acme")
}

fn read<T>(reader: impl FnOnce(&mut Form<'_>) -> T) -> Result<T, Refused> {
    let tenant = acme();
    let mut form = Form::new(&tenant);
    let read = reader(&mut form);
    form.finish(read)
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[a-z0-9._-]{1,12}", 1 => "[a-z0-9._-]".prop_map(|letter| letter.repeat(NAME_MAX))]
}

fn named<T: Named + Deref<Target = str> + PartialEq + std::fmt::Debug>(id: &str) {
    let id = T::from(id);
    assert_eq!(read(|form| form.name::<T>(&"name", &full_name(&acme(), &id))), Ok(id));
}

/// Millionths of the largest number whose decimals all survive.
const EXACT_BELOW: i64 = 1_000_000_000_000_000;

fn label() -> impl Strategy<Value = Value> {
    // Numbers are told as floating point, which keeps fifteen digits: below a thousand million all six decimals.
    prop_oneof![
        "\\PC{0,20}".prop_map(Value::Text),
        (-EXACT_BELOW..EXACT_BELOW).prop_map(Value::Micros),
        any::<bool>().prop_map(Value::Flag),
    ]
}

fn operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        id().prop_map(|id| Operand::Label(LabelKey::from(&*id))),
        id().prop_map(|id| Operand::Skill(Skill::from(&*id))),
    ]
}

fn tree() -> impl Strategy<Value = Selector> {
    let comparisons = [Comparison::Eq, Comparison::Ne, Comparison::Ge, Comparison::Gt, Comparison::Le, Comparison::Lt];
    let compare = (operand(), prop::sample::select(comparisons.to_vec()), label())
        .prop_map(|(operand, comparison, value)| Selector::Compare { operand, comparison, value });
    let listed = (operand(), vec(label(), 1..4)).prop_map(|(operand, values)| Selector::In { operand, values });
    prop_oneof![compare, listed].prop_recursive(SELECTOR_DEPTH_MAX as u32, SELECTOR_NODES_MAX as u32, 3, |part| {
        prop_oneof![
            vec(part.clone(), 0..3).prop_map(Selector::And),
            vec(part.clone(), 0..3).prop_map(Selector::Or),
            part.prop_map(|part| Selector::Not(Box::new(part))),
        ]
    })
}

proptest! {
    #[test]
    fn names(id in id(), number in any::<u128>()) {
        named::<AgentId>(&id);
        named::<QueueId>(&id);
        named::<TeamId>(&id);
        named::<ProfileId>(&id);
        named::<PolicyId>(&id);
        named::<ConnectorId>(&id);
        named::<CustomerId>(&id);
        named::<ConversationId>(&id);
        named::<ScheduleId>(&id);
        named::<AdjustmentId>(&id);
        named::<InteractionId>(&id);
        let name = assignment_name(&acme(), &id, Uid(number));
        let assignment = read(|form| form.assignment(&"name", &name));
        prop_assert_eq!(assignment, Ok((InteractionId::from(&*id), Uid(number))));
        prop_assert_eq!(read_node_name(&node_name(&id)), Some(NodeId::from(&*id)));
        prop_assert_eq!(read(|form| form.uid(&"id", &Uid(number).to_string())), Ok(Uid(number)));
    }

    #[test]
    fn tokens(numbers in any::<(u64, u64)>(), last in "\\PC{0,40}", conditions in "\\PC{0,20}", other in "\\PC{0,20}") {
        let place = Place { looked_at: numbers.0.max(numbers.1), matched: numbers.0.min(numbers.1) };
        prop_assert_eq!(read(|form| form.place(&"token", &place.token(&acme()))), Ok(Some(place)));
        let token = Form::new(&acme()).paging(0, "", &conditions).next(&acme(), &last);
        let after = |conditions: &str| read(|form| form.paging(0, &token, conditions)).map(|paging| paging.after);
        prop_assert_eq!(after(&conditions), Ok(Some(last)));
        prop_assert_eq!(after(&other).is_ok(), other == conditions, "a list with other conditions");
    }

    #[test]
    fn etags_times_and_durations(version in any::<u64>(), at_ms in 1..253_402_300_799_999_u64, length_ms in 0..1_u64 << 50) {
        prop_assert_eq!(read(|form| form.etag(&"etag", &etag(version))), Ok(Some(version)));
        prop_assert_eq!(read(|form| form.time(&"time", value::some_time(at_ms))), Ok(Some(at_ms)));
        let told = Some(value::duration(length_ms));
        prop_assert_eq!(read(|form| form.duration(&"length", told, (0, u64::MAX))), Ok(Some(length_ms)));
    }

    #[test]
    fn labels(labels in prop::collection::btree_map(id().prop_map(|id| LabelKey::from(&*id)), label(), 0..6)) {
        prop_assert_eq!(read(|form| form.labels(&"labels", value::labels(&labels))), Ok(labels));
    }

    #[test]
    fn selectors_within_their_bounds_and_no_others(tree in tree()) {
        let told = read(|form| form.selector(&"selector", Some(selector(&tree))));
        if tree.depth() <= SELECTOR_DEPTH_MAX && tree.nodes() <= SELECTOR_NODES_MAX {
            prop_assert_eq!(told, Ok(Some(tree)));
        } else {
            prop_assert!(told.is_err());
        }
    }
}
