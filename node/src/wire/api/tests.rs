//! Reading requests: faults are named, good ones become commands, and no bytes whatever make it panic.
use super::{
    Ask, Form, Malformed, PayloadKey, Refused, ask,
    asks::Action,
    form::etag,
    token::{PAGE_MAX, Place},
    value,
};
use kindred_domain::{
    Body, Command,
    ids::{QueueId, TenantId},
    record::Mode,
    selector::Value,
};
use kindred_proto::v1;
use proptest::prelude::*;
use prost::Message;

fn acme() -> TenantId {
    TenantId::from("acme")
}

fn key() -> PayloadKey {
    PayloadKey::of("test")
}

fn fields(refused: Refused) -> Vec<String> {
    match refused {
        Refused::Malformed(Malformed { violations }) => violations.into_iter().map(|v| v.field).collect(),
        Refused::NotFound(rejection) => vec![format!("not found: {rejection:?}")],
    }
}

/// A number label, a nested selector, a context: something of everything.
fn submit() -> v1::CreateInteractionRequest {
    let number = |number| v1::LabelValue { kind: Some(v1::label_value::Kind::NumberValue(number)) };
    let compare = v1::SelectorComparison {
        operand: Some(v1::SelectorOperand { operand: Some(v1::selector_operand::Operand::Skill("french".into())) }),
        operator: v1::selector_comparison::Operator::GreaterOrEqual.into(),
        value: Some(number(50.0)),
    };
    let leaf = v1::Selector { node: Some(v1::selector::Node::Compare(compare)) };
    let not = v1::Selector { node: Some(v1::selector::Node::Not(Box::new(leaf.clone()))) };
    let both = v1::SelectorList { selectors: vec![leaf, not] };
    v1::CreateInteractionRequest {
        parent: "tenants/acme".into(),
        interaction: Some(v1::Interaction {
            channel: "voice".into(),
            queue: "tenants/acme/queues/support".into(),
            customer: "tenants/acme/customers/c-1".into(),
            labels: [("score".to_owned(), number(0.25))].into(),
            required_selector: Some(v1::Selector { node: Some(v1::selector::Node::And(both)) }),
            human_requested_at: Some(value::time(1_700_000_000_123)),
            context: "opaque".into(),
            ..Default::default()
        }),
        interaction_id: "call-1".into(),
        request_id: "01890000-0000-7000-8000-000000000001".into(),
    }
}

#[test]
fn a_good_submit_becomes_a_command() {
    let command = ask(&acme(), key(), submit()).expect("it is well formed");
    let Body::CreateInteraction(created) = &command.body else { panic!("{command:?}") };
    assert_eq!((created.id.as_str(), created.queue.as_str()), ("call-1", "support"));
    assert_eq!(created.labels.values().next(), Some(&Value::Micros(250_000)));
    assert_eq!(created.human_requested_at_ms, Some(1_700_000_000_123));
    assert_eq!(created.required.as_ref().map(|selector| (selector.depth(), selector.nodes())), Some((3, 4)));
    assert_eq!(created.context.as_ref().map(value::unseal), Some(&b"opaque"[..]));
    assert_eq!(command.tenant, Some(acme()));
}

#[test]
fn the_hash_knows_payloads_apart_and_retries_alike() {
    let hash = |request: v1::CreateInteractionRequest| {
        let request = ask(&acme(), key(), request).expect("it is well formed").request;
        request.expect("it has an id").payload_hash
    };
    let retried = v1::CreateInteractionRequest { request_id: uuid::Uuid::now_v7().to_string(), ..submit() };
    assert_eq!(hash(submit()), hash(retried), "the id itself is no payload");
    let other = v1::CreateInteractionRequest { interaction_id: "call-2".into(), ..submit() };
    assert_ne!(hash(submit()), hash(other));
    let id = "01890000-0000-7000-8000-000000000001".to_owned();
    let name = "tenants/acme/interactions/call-1/assignments/01890000-0000-7000-8000-000000000002".to_owned();
    let hold = ask(&acme(), key(), v1::HoldAssignmentRequest { name: name.clone(), request_id: id.clone() });
    let back = ask(&acme(), key(), v1::RetrieveAssignmentRequest { name, request_id: id });
    let hash_of = |command: Result<Command, Refused>| command.expect("well formed").request.map(|r| r.payload_hash);
    assert_ne!(hash_of(hold), hash_of(back), "equal bytes of different requests");
}

#[test]
fn without_a_request_id_nothing_is_remembered_and_ids_are_drawn() {
    let request = v1::CreateInteractionRequest { request_id: String::new(), interaction_id: String::new(), ..submit() };
    let command = ask(&acme(), key(), request).expect("it is well formed");
    assert_eq!(command.request, None);
    let Body::CreateInteraction(created) = &command.body else { panic!("{command:?}") };
    assert_eq!(uuid::Uuid::try_parse(&created.id).map(|id| id.get_version_num()), Ok(7));
}

#[test]
fn a_session_asks_what_a_call_asks() {
    let request_id = "01890000-0000-7000-8000-000000000001".to_owned();
    let (name, offer_id) = ("tenants/acme/interactions/call-1".to_owned(), uuid::Uuid::nil().to_string());
    let accept = v1::SessionAccept { interaction: name.clone(), offer_id: offer_id.clone() };
    let action = Some(v1::session_request::Action::Accept(accept));
    let request = v1::SessionRequest { request_id: request_id.clone(), action };
    let Ok(Action::Command(command, None)) = Action::read(&acme(), key(), request) else { panic!("not a command") };
    let unary = ask(&acme(), key(), v1::AcceptOfferRequest { name, offer_id, request_id });
    assert_eq!(Ok(command), unary, "so a retry may come either way");
}

#[test]
fn every_fault_is_told_at_once() {
    let mut request = submit();
    request.request_id = "seven".into();
    let interaction = request.interaction.as_mut().expect("it is there");
    interaction.queue = "support".into();
    interaction.channel = "Voice".into();
    let told = ask(&acme(), key(), request).map_err(fields).expect_err("three faults");
    assert_eq!(told, ["request_id", "interaction.channel", "interaction.queue"]);
}

#[test]
fn names_of_others_are_not_there() {
    let tenant = acme();
    let mut form = Form::new(&tenant);
    let queue: QueueId = form.name(&"interaction.queue", "tenants/other/queues/support");
    let told = form.finish(queue).map_err(fields).expect_err("not the caller's");
    assert!(told[0].contains("interaction.queue") && told[0].contains("support"), "{told:?}");
}

#[test]
fn nothing_follows_a_name_not_even_a_slash() {
    let tenant = acme();
    let mut form = Form::new(&tenant);
    form.parent(&"parent", "tenants/acme/");
    let _: QueueId = form.name(&"queue", "tenants/acme/queues/support/");
    form.assignment(&"name", "tenants/acme/interactions/i/assignments/01890000-0000-7000-8000-000000000001/");
    assert_eq!(form.finish(()).map_err(fields), Err(vec!["parent".into(), "queue".into(), "name".into()]));
}

#[test]
fn tokens_come_back_only_where_they_belong() {
    let place = Place { looked_at: 300, matched: 17 };
    let read = |tenant: &TenantId, token: &str| {
        let mut form = Form::new(tenant);
        let place = form.place(&"resume_token", token);
        form.finish(place).ok().flatten()
    };
    let token = place.token(&acme());
    assert_eq!(read(&acme(), &token), Some(place));
    assert_eq!(read(&TenantId::from("other"), &token), None);
    for changed in [token.replace("12c", "12d"), format!("{token}0"), "e1-".into(), "e1-1-2-3".into()] {
        assert_eq!(read(&acme(), &changed), None, "{changed}");
    }
    let page = |size, token: &str, conditions: &str| {
        let tenant = acme();
        let mut form = Form::new(&tenant);
        let paging = form.paging(size, token, conditions);
        form.finish(paging)
    };
    let first = page(5_000, "", "a").expect("no token is fine");
    assert_eq!(first.size, PAGE_MAX);
    let next = first.next(&acme(), "call-9");
    assert_eq!(page(0, &next, "a").map(|paging| paging.after), Ok(Some("call-9".into())));
    assert!(page(0, &next, "b").is_err(), "other conditions");
    assert!(page(-1, "", "a").is_err());
}

#[test]
fn etags_and_masks_are_checked() {
    let team = |etag: String, paths: &[&str]| {
        let update_mask = Some(prost_types::FieldMask { paths: paths.iter().map(|path| path.to_string()).collect() });
        let team = Some(v1::Team { name: "tenants/acme/teams/t".into(), etag, display_name: "T".into() });
        let request = v1::UpdateTeamRequest { team, update_mask, request_id: String::new() };
        ask(&acme(), key(), request).map_err(fields)
    };
    let Ok(Command { body: Body::UpdateTeam(update), .. }) = team(etag(12), &["display_name"]) else {
        panic!("well formed")
    };
    assert_eq!((update.etag, update.display_name.as_deref()), (Some(12), Some("T")));
    assert_eq!(team("12".into(), &["display_name"]), Err(vec!["team.etag".into()]));
    assert_eq!(team(String::new(), &["name"]), Err(vec!["update_mask".into()]));
    assert_eq!(team(String::new(), &[]), Err(vec!["update_mask".into()]));
}

#[test]
fn an_empty_policy_is_longest_idle() {
    let request = v1::CreatePolicyRequest {
        parent: "tenants/acme".into(),
        policy: Some(v1::Policy::default()),
        ..Default::default()
    };
    let Ok(Command { body: Body::CreatePolicy(policy), .. }) = ask(&acme(), key(), request) else {
        panic!("well formed")
    };
    assert_eq!(policy.spec.mode, Mode::LongestIdle);
}

/// Reads bytes as a request of one kind, if they are one.
fn read<A: Ask>(bytes: &[u8]) {
    if let Ok(request) = A::decode(bytes) {
        // Whatever it is: a command or a refusal that names at least one field.
        if let Err(Refused::Malformed(malformed)) = ask(&acme(), key(), request) {
            assert!(!malformed.violations.is_empty());
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
        noise in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut bytes = submit().encode_to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())], &noise] {
            read::<v1::CreateInteractionRequest>(bytes);
            read::<v1::UpdateInteractionRequest>(bytes);
            read::<v1::CreateAgentRequest>(bytes);
            read::<v1::BatchUpdateAgentsRequest>(bytes);
            read::<v1::CreateQueueRequest>(bytes);
            read::<v1::CreateScheduleRequest>(bytes);
            read::<v1::UpdateScheduleRequest>(bytes);
            read::<v1::CreateRoutingProfileRequest>(bytes);
            read::<v1::CreateCustomerRequest>(bytes);
            read::<v1::AppendConversationRequest>(bytes);
            read::<v1::ReconcileConnectorRequest>(bytes);
            read::<v1::TransferInteractionRequest>(bytes);
            if let Ok(request) = v1::SessionRequest::decode(bytes) {
                let _ = Action::read(&acme(), key(), request);
            }
        }
    }

    #[test]
    fn names_and_tokens_of_any_kind_do_not_panic(text in "\\PC{0,200}") {
        let tenant = acme();
        let mut form = Form::new(&tenant);
        form.parent(&"parent", &text);
        let _: QueueId = form.name(&"name", &text);
        form.assignment(&"name", &text);
        form.place(&"resume_token", &text);
        form.paging(1, &text, "");
        form.uid(&"offer_id", &text);
        form.etag(&"etag", &text);
    }
}
