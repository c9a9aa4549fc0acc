//! One interaction's stream until it is CLOSED: how it stands, again after every change, and when its queue opens or closes.
use super::{
    desk::{Call, stopped},
    events::End,
    failure::Failure,
    sight::Sight,
    stream::{Cut, Outgoing, Writer, stream},
    tail::Tail,
};
use crate::consensus::gateway::{At, ReadMode, Unavailable};
use kindred_domain::{
    Event, EventKind,
    ids::InteractionId,
    record::{Interaction, InteractionState},
};
use kindred_proto::v1::TrackInteractionResponse;

/// Opens the stream; its first message is how the interaction stands now.
pub async fn open(call: Call, id: InteractionId) -> Result<Outgoing<TrackInteractionResponse>, Failure> {
    let place = call.desk().stream()?;
    // Events from here on lead to another look, so nothing is missed between.
    let (tail, _) = Tail::start(&call, None).await?;
    let (at, sight) = call.interaction(ReadMode::Stale, &id).await?;
    let (writer, outgoing) = stream(place);
    tokio::spawn(run(call, id, tail, at, sight, writer));
    Ok(outgoing)
}

async fn run(
    call: Call,
    id: InteractionId,
    tail: Tail,
    at: At,
    sight: Sight,
    writer: Writer<TrackInteractionResponse>,
) {
    match follow(&call, &id, tail, at, sight, &writer).await {
        Ok(()) | Err(End::Cut(Cut::Gone)) => {}
        // How it stands is told first when the stream is opened again: the token is only for form.
        Err(End::Cut(Cut::Slow)) => writer.end(call.fail(Failure::SlowReader { resume_token: String::new() })),
        Err(End::Failed(failure)) => writer.end(call.fail(failure)),
    }
}

async fn follow(
    call: &Call,
    id: &InteractionId,
    mut tail: Tail,
    mut at: At,
    mut sight: Sight,
    writer: &Writer<TrackInteractionResponse>,
) -> Result<(), End> {
    let mut stopping = call.desk().stopping();
    loop {
        let told = TrackInteractionResponse { header: call.header(at, false), interaction: Some(sight.tell()) };
        writer.send(told).await?;
        if sight.record.state == InteractionState::Closed {
            return Ok(());
        }
        loop {
            let batch = tokio::select! {
                batch = tail.next() => batch?,
                () = writer.gone() => return Ok(()),
                () = stopped(&mut stopping) => return Err(Failure::from(Unavailable::Stopping).into()),
            };
            if batch.events(&call.tenant).any(|event| is_about(event, &sight.record)) {
                break;
            }
        }
        // The event was applied here, so a look at this replica sees at least its change.
        (at, sight) = call.renewed().interaction(ReadMode::Stale, id).await?;
    }
}

/// Does it change what is told of the interaction: itself, or the hours of the queue it waits in.
fn is_about(event: &Event, interaction: &Interaction) -> bool {
    let hours = matches!(event.kind, EventKind::QueueOpened { .. } | EventKind::QueueClosed { .. });
    event.interaction.as_ref() == Some(&interaction.id) || (hours && event.queue.as_ref() == Some(&interaction.queue))
}
