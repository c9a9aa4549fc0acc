//! Commands about interactions, one file each.
pub(super) mod abandon_interaction;
pub(super) mod accept_offer;
pub(super) mod add_channel;
pub(super) mod cancel_interaction;
pub(super) mod complete_interaction;
pub(super) mod complete_wrap_up;
pub(super) mod create_interaction;
pub(super) mod decline_offer;
pub(super) mod end_assignment;
pub(super) mod hold_assignment;
pub(super) mod make_offers;
pub(super) mod record_activity;
pub(super) mod report_connect_failed;
pub(super) mod report_connected;
pub(super) mod retrieve_assignment;
pub(super) mod transfer_interaction;
pub(super) mod update_interaction;
