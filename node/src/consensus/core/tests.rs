//! The core alone and in small groups, message by message.
