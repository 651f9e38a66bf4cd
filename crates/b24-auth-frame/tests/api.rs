//! What the public types can do.

use std::fmt::Debug;

use b24_auth_frame::{
    Conversation, Delivery, Dialog, Events, Frame, FrameAuth, FrameError, GrantFuture, Options, Parent, Placement,
    Slider,
    conversation::{Outbox, Received, WeakConversation},
    dialog::{Access, Chosen, Kind, Record, User},
    options::Setting,
    protocol::{
        Answers, Command, FrameName, Incoming, InitData, InvalidPayload, Origin, OriginRule, Outgoing, Payload, Tokens,
    },
    slider::{Ended, Width},
};

fn is_shared<T: Send + Sync + Debug>() {}
fn is_cloned<T: Clone + Send + Sync + Debug>() {}

#[test]
fn handles_are_cloned_and_cross_threads() {
    is_cloned::<Frame>();
    is_cloned::<FrameAuth>();
    is_cloned::<Conversation>();
    is_cloned::<WeakConversation>();
    is_cloned::<Parent<'_>>();
    is_cloned::<Slider<'_>>();
    is_cloned::<Dialog<'_>>();
    is_cloned::<Options<'_>>();
    is_cloned::<Placement<'_>>();
}

#[test]
fn streams_and_rules_cross_threads() {
    is_shared::<Events>();
    is_shared::<Outbox>();
    is_shared::<OriginRule>();
    fn is_sent<T: Send + Debug>() {}
    is_sent::<GrantFuture>();
}

#[test]
fn values_are_cloned() {
    is_cloned::<FrameError>();
    is_cloned::<Delivery>();
    is_cloned::<Received>();
    is_cloned::<(Access, Chosen, Kind, Record, User)>();
    is_cloned::<Setting>();
    is_cloned::<(Answers, Command, FrameName, Incoming<'_>, InitData, InvalidPayload)>();
    is_cloned::<(Origin, Outgoing, Payload, Tokens)>();
    is_cloned::<(Ended, Width)>();
}
