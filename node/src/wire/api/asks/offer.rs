//! What agents and platforms answer to an offer, and do with an assignment.
use super::{Ask, asks};
use crate::wire::api::form::Form;
use kindred_domain::{
    Body,
    command::{
        AcceptOffer, AddChannel, CompleteWrapUp, ConnectFailure, DeclineOffer, EndAssignment, HoldAssignment,
        ReportConnectFailed, ReportConnected, RetrieveAssignment, TransferInteraction, TransferTarget,
    },
    ids::QueueId,
    limits::TEXT_MAX,
};
use kindred_proto::v1::{self, ConnectFailedCause, transfer_interaction_request::Target};

asks! {
    AcceptOfferRequest => accept;
    DeclineOfferRequest => decline;
    ReportConnectedRequest => connected;
    ReportConnectFailedRequest => connect_failed;
    HoldAssignmentRequest => hold;
    RetrieveAssignmentRequest => retrieve;
    AddChannelRequest => add_channel;
    TransferInteractionRequest => transfer;
    EndAssignmentRequest => end;
    CompleteWrapUpRequest => complete_wrap_up;
}

fn accept(request: v1::AcceptOfferRequest, form: &mut Form<'_>) -> Body {
    AcceptOffer { interaction: form.name(&"name", &request.name), offer: form.uid(&"offer_id", &request.offer_id) }
        .into()
}

fn decline(request: v1::DeclineOfferRequest, form: &mut Form<'_>) -> Body {
    DeclineOffer {
        interaction: form.name(&"name", &request.name),
        offer: form.uid(&"offer_id", &request.offer_id),
        reason: form.text(&"reason", request.reason, TEXT_MAX),
    }
    .into()
}

fn connected(request: v1::ReportConnectedRequest, form: &mut Form<'_>) -> Body {
    let (interaction, assignment) = form.assignment(&"name", &request.name);
    ReportConnected { interaction, assignment }.into()
}

fn connect_failed(request: v1::ReportConnectFailedRequest, form: &mut Form<'_>) -> Body {
    let (interaction, assignment) = form.assignment(&"name", &request.name);
    let cause = match form.known(&"cause", request.cause) {
        ConnectFailedCause::Unspecified => {
            form.fail(&"cause", "is required");
            ConnectFailure::MediaError
        }
        ConnectFailedCause::AgentNoAnswer => ConnectFailure::AgentNoAnswer,
        ConnectFailedCause::AgentBusy => ConnectFailure::AgentBusy,
        ConnectFailedCause::DeviceUnreachable => ConnectFailure::DeviceUnreachable,
        ConnectFailedCause::CustomerGone => ConnectFailure::CustomerGone,
        ConnectFailedCause::MediaError => ConnectFailure::MediaError,
    };
    ReportConnectFailed { interaction, assignment, cause }.into()
}

fn hold(request: v1::HoldAssignmentRequest, form: &mut Form<'_>) -> Body {
    let (interaction, assignment) = form.assignment(&"name", &request.name);
    HoldAssignment { interaction, assignment }.into()
}

fn retrieve(request: v1::RetrieveAssignmentRequest, form: &mut Form<'_>) -> Body {
    let (interaction, assignment) = form.assignment(&"name", &request.name);
    RetrieveAssignment { interaction, assignment }.into()
}

fn add_channel(request: v1::AddChannelRequest, form: &mut Form<'_>) -> Body {
    let (interaction, assignment) = form.assignment(&"name", &request.name);
    AddChannel { interaction, assignment, channel: form.channel(&"channel", &request.channel) }.into()
}

fn transfer(request: v1::TransferInteractionRequest, form: &mut Form<'_>) -> Body {
    let (interaction, assignment) = form.assignment(&"name", &request.name);
    let target = match request.target {
        Some(Target::Queue(queue)) => TransferTarget::Queue(form.name(&"queue", &queue)),
        Some(Target::Agent(agent)) => TransferTarget::Agent(form.name(&"agent", &agent)),
        None => {
            form.fail(&"target", "is required: `queue` or `agent`");
            TransferTarget::Queue(QueueId::from(""))
        }
    };
    TransferInteraction {
        interaction,
        assignment,
        target,
        connect_by_ms: form.time(&"connect_by", request.connect_by),
        reason: form.text(&"reason", request.reason, TEXT_MAX),
    }
    .into()
}

fn end(request: v1::EndAssignmentRequest, form: &mut Form<'_>) -> Body {
    let (interaction, assignment) = form.assignment(&"name", &request.name);
    EndAssignment { interaction, assignment }.into()
}

fn complete_wrap_up(request: v1::CompleteWrapUpRequest, form: &mut Form<'_>) -> Body {
    let (interaction, assignment) = form.assignment(&"name", &request.name);
    CompleteWrapUp { interaction, assignment }.into()
}
