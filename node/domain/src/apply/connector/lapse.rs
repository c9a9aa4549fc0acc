//! A connector's lease lapsed: its interactions become UNCONFIRMED, a bounded number per entry.
use crate::{apply::ctx::Ctx, ids::*};

/// The connector's deadline is due: its lease lapsed, or the marking of its interactions goes on.
pub(in crate::apply) fn lapse(_ctx: &mut Ctx<'_>, _connector: &ConnectorId) {}
