//! Selectors: read within their bounds, told as they were read, kept as they were read, and they come to an answer.
use super::{
    commands::{self, tenant},
    samples::sample,
    world::World,
};
use kindred_domain::{
    Body, Command, Reply,
    command::{InteractionPatch, UpdateInteraction},
    limits::{SELECTOR_DEPTH_MAX, SELECTOR_NODES_MAX},
    selector::Selector,
};
use kindred_node::wire::api::{Form, tells};
use kindred_proto::v1;
use prost::Message as _;

pub fn run(data: &[u8]) {
    let Ok(asked) = v1::Selector::decode(data) else { return };
    let Ok(selector) = read(asked) else { return };
    assert!(selector.depth() <= SELECTOR_DEPTH_MAX && selector.nodes() <= SELECTOR_NODES_MAX, "{selector:?}");
    let mut world = World::new();
    let patch = InteractionPatch { required: Some(Some(selector.clone())), ..Default::default() };
    let body: Body = UpdateInteraction { id: "x1".into(), etag: None, patch }.into();
    let command = Command { tenant: Some(tenant()), request: None, body };
    commands::comes_back(&command);
    let answer = world.apply(vec![command]).answers.remove(0);
    let kindred_domain::Answer::Fresh(Ok(Reply::Interaction(interaction))) = answer else { panic!("{answer:?}") };
    let told = tells::interaction(&interaction, None).required_selector.expect("it was set");
    assert_eq!(read(told), Ok(selector.clone()), "told as it was read");
    // Whether the one agent is qualified decides whether the offer stands: both must agree.
    let agent = world.state().tenant("acme").and_then(|tenant| tenant.agents().next()).expect("the agent");
    assert_eq!(kindred_domain::selector::matches(&selector, agent), !interaction.offers.is_empty(), "{selector:?}");
    world.check();
}

fn read(asked: v1::Selector) -> Result<Selector, ()> {
    let tenant = tenant();
    let mut form = Form::new(&tenant);
    let selector = form.selector(&"selector", Some(asked));
    // Whatever reads as no selector must have been told as a fault.
    form.finish(selector).map_err(drop).map(|selector| selector.expect("nothing was wrong, so there is one"))
}

pub fn seeds() -> Vec<Vec<u8>> {
    use v1::selector::Node;
    let whole = v1::Selector::decode(&*sample("Selector", 0)).expect("a selector");
    let of = |node| v1::Selector { node: Some(node) }.encode_to_vec();
    let number = |number| v1::LabelValue { kind: Some(v1::label_value::Kind::NumberValue(number)) };
    let operand = |operand| Some(v1::SelectorOperand { operand: Some(operand) });
    let label = v1::selector_operand::Operand::Label("french".into());
    let skill = v1::selector_operand::Operand::Skill("french".into());
    let compare = |operator: i32, to: v1::LabelValue| {
        let operand = operand(if operator % 2 == 0 { label.clone() } else { skill.clone() });
        of(Node::Compare(v1::SelectorComparison { operand, operator, value: Some(to) }))
    };
    let list = v1::SelectorList { selectors: vec![whole.clone(), whole.clone()] };
    let mut seeds: Vec<_> = (1..=6).map(|operator| compare(operator, number(50.0))).collect();
    seeds.push(compare(1, v1::LabelValue { kind: Some(v1::label_value::Kind::StringValue("text".into())) }));
    seeds.push(of(Node::Or(list.clone())));
    seeds.push(of(Node::And(list)));
    seeds.push(of(Node::Not(Box::new(whole.clone()))));
    seeds.push(of(Node::In(v1::SelectorIn { operand: operand(label), values: vec![number(-0.25), number(1e9)] })));
    seeds.push(whole.encode_to_vec());
    seeds
}
