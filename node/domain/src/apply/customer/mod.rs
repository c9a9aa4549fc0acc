//! Commands about customers and conversations, one file each.
pub(super) mod append_conversation;
pub(super) mod create_customer;
pub(super) mod delete_customer;
pub(super) mod update_customer;
