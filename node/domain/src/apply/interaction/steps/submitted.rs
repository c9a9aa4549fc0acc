//! What is asked of fields a platform submits, and of them again when it changes them.
use crate::{
    ids::CustomerId,
    record::{Conversation, Sealed},
    rejection::Rejection,
};
use alloc::string::ToString;

/// The interaction's customer is the conversation's, where both are known.
pub(in crate::apply) fn check_customer(
    conversation: &Conversation,
    customer: Option<&CustomerId>,
) -> Result<(), Rejection> {
    match (&conversation.customer, customer) {
        (Some(theirs), Some(ours)) if theirs != ours => Err(Rejection::InvalidField {
            field: "interaction.customer".to_string(),
            problem: "the conversation is another customer's".to_string(),
        }),
        _ => Ok(()),
    }
}

/// Bytes of a context on disk.
pub(in crate::apply) fn context_bytes(context: &Sealed) -> u32 {
    u32::try_from(context.bytes.len()).unwrap_or(u32::MAX)
}
