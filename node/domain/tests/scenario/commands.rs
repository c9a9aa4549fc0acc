//! Lines about interactions.
use super::{line::Line, reading::*, world::World};
use kindred_domain::{command::*, ids::*, record::*};

/// The command of such a line.
pub fn body(world: &mut World, line: &Line) -> Result<Body, String> {
    Ok(match line.verb.as_str() {
        "submit" => submit(world, line)?.into(),
        "update" => update(world, line)?.into(),
        "cancel" => CancelInteraction {
            id: line.word(0)?.into(),
            reason: match line.words.get(1) {
                Some(reason) => close_reason(reason)?,
                None => CloseReason::Cancelled,
            },
            note: line.key("note").unwrap_or("").to_string(),
        }
        .into(),
        "abandon" => AbandonInteraction { id: line.word(0)?.into() }.into(),
        "complete" => CompleteInteraction {
            id: line.word(0)?.into(),
            assignment: line.key("part").map(|_| part(world, line)).transpose()?,
            note: String::new(),
        }
        .into(),
        "offer" => offers(world, line)?.into(),
        "defer" => MakeOffers {
            offers: Vec::new(),
            deferrals: vec![DeferPlan {
                interaction: line.word(0)?.into(),
                until_ms: world.now_ms + line.duration(1)?,
                reason: DeferReason::BetterMatch,
            }],
        }
        .into(),
        "wrote" => RecordActivity {
            interaction: line.word(0)?.into(),
            party: one_of(&[Party::Customer, Party::Agent], &line.word(1)?.to_uppercase())?,
            now_dormant: line.has("dormant"),
        }
        .into(),
        "transfer" => transfer(world, line)?.into(),
        _ => return of_part(world, line),
    })
}

/// Lines about an offer or assignment: the interaction's last one, unless `part=N` says which.
fn of_part(world: &World, line: &Line) -> Result<Body, String> {
    let verb = line.verb.as_str();
    let interaction = InteractionId::new(line.word(0)?);
    let id = part(world, line)?;
    macro_rules! command {
        ($name:ident, $field:ident) => {
            $name { interaction, $field: id }.into()
        };
    }
    Ok(match verb {
        "accept" => command!(AcceptOffer, offer),
        "connect" => command!(ReportConnected, assignment),
        "hold" => command!(HoldAssignment, assignment),
        "retrieve" => command!(RetrieveAssignment, assignment),
        "end" => command!(EndAssignment, assignment),
        "wrapped" => command!(CompleteWrapUp, assignment),
        "decline" => {
            DeclineOffer { interaction, offer: id, reason: line.key("reason").unwrap_or("").to_string() }.into()
        }
        "fail" => ReportConnectFailed { interaction, assignment: id, cause: failure(line.word(1)?)? }.into(),
        "add-channel" => AddChannel { interaction, assignment: id, channel: line.word(1)?.into() }.into(),
        _ => return Err(format!("no such verb: {verb}")),
    })
}

fn failure(text: &str) -> Result<ConnectFailure, String> {
    use ConnectFailure::*;
    let all = [AgentNoAnswer, AgentBusy, DeviceUnreachable, CustomerGone, MediaError];
    one_of(&all, text)
}

/// The offer or assignment meant: the interaction's last, or the `part=N`-th ever offered; a new number if there is none.
pub fn part(world: &World, line: &Line) -> Result<OfferId, String> {
    let offers = world.offers.get(line.word(0)?);
    let Some(offers) = offers else {
        return Ok(Uid(999));
    };
    let at = line.read("part", number::<usize>)?.unwrap_or(offers.len());
    let found = offers.get(at.wrapping_sub(1)).copied();
    found.ok_or(format!("there was no offer {at}"))
}

/// `+20s` from now on.
fn from_now(world: &World, text: &str) -> Result<u64, String> {
    Ok(world.now_ms + duration(text.trim_start_matches('+'))?)
}

fn sealed(text: &str) -> Sealed {
    Sealed { bytes: text.as_bytes().to_vec(), ..Sealed::default() }
}

/// `submit call-1 queue=support channel=voice priority=3 required=skill.french>=50 context=hello`.
fn submit(world: &World, line: &Line) -> Result<CreateInteraction, String> {
    let directions = [Direction::Inbound, Direction::Outbound, Direction::Internal];
    let one_of_them = |text: &str| one_of(&directions, text);
    Ok(CreateInteraction {
        id: line.word(0)?.into(),
        conversation: line.key("conversation").map(ConversationId::new),
        channel: line.key("channel").unwrap_or("voice").into(),
        direction: line.read("direction", one_of_them)?.unwrap_or_default(),
        customer: line.key("customer").map(CustomerId::new),
        identity: None,
        external_thread_id: None,
        connector: line.key("connector").map(ConnectorId::new),
        queue: line.key("queue").unwrap_or("support").into(),
        labels: labels(&line.list("labels"))?,
        required: line.read("required", selector)?.flatten(),
        preferred: line.read("preferred", selector)?.flatten(),
        priority: line.read("priority", number)?.unwrap_or(0),
        human_requested_at_ms: None,
        connect_by_ms: line.read("connect_by", |text| from_now(world, text))?,
        context: line.key("context").map(sealed),
    })
}

/// `update call-1 priority=3 required=none etag=1`.
fn update(world: &World, line: &Line) -> Result<UpdateInteraction, String> {
    Ok(UpdateInteraction {
        id: line.word(0)?.into(),
        etag: line.read("etag", number)?,
        patch: InteractionPatch {
            labels: match line.key("labels") {
                Some(_) => Some(labels(&line.list("labels"))?),
                None => None,
            },
            required: line.read("required", selector)?,
            preferred: line.read("preferred", selector)?,
            customer: line.key("customer").map(|id| Some(id.into())),
            priority: line.read("priority", number)?,
            context: line.key("context").map(|text| match text {
                "none" => None,
                text => Some(sealed(text)),
            }),
            connect_by_ms: line.read("connect_by", |text| from_now(world, text).map(Some))?,
            ..InteractionPatch::default()
        },
    })
}

/// `offer call-1 anna` or, in one batch, `offer call-1 anna call-2 ben`; `revision=2` it was chosen under, `free=3`: the
/// groups with somebody free, one bit each.
fn offers(world: &mut World, line: &Line) -> Result<MakeOffers, String> {
    let mut offers = Vec::new();
    for pair in line.words.chunks(2) {
        let [interaction, agent] = pair else {
            return Err("an interaction and an agent".into());
        };
        let again = line.read("part", number::<usize>)?;
        let offer = match again.and_then(|at| world.offers.get(interaction)?.get(at - 1)) {
            Some(offer) => *offer,
            None => world.draw(),
        };
        offers.push(OfferPlan {
            offer,
            interaction: interaction.as_str().into(),
            agent: agent.as_str().into(),
            score_micros: 0,
            policy_revision: line.read("revision", number)?.unwrap_or(1),
            draw: None,
            free_groups: line.read("free", number)?,
        });
    }
    Ok(MakeOffers { offers, deferrals: Vec::new() })
}

/// `transfer call-1 queue=sales connect_by=+20s` or `transfer call-1 agent=ben`.
fn transfer(world: &World, line: &Line) -> Result<TransferInteraction, String> {
    let target = match (line.key("queue"), line.key("agent")) {
        (Some(queue), None) => TransferTarget::Queue(queue.into()),
        (None, Some(agent)) => TransferTarget::Agent(agent.into()),
        _ => return Err("queue=… or agent=…".into()),
    };
    Ok(TransferInteraction {
        interaction: line.word(0)?.into(),
        assignment: part(world, line)?,
        target,
        connect_by_ms: line.read("connect_by", |text| from_now(world, text))?,
        reason: line.key("reason").unwrap_or("").to_string(),
    })
}
