//! What the public types promise to the compiler.

use std::fmt::Debug;
use std::future::Future;

use b24_portal::{
    ApiVersion, Application, BatchBilling, Clock, Delivery, DeliveryFate, Dialect, Engine, EventDelivery, EventFault,
    Fault, FrameMessage, Installation, Limits, MessageFate, MessageForm, Outcome, OutgoingEvent, OutgoingWebhook,
    Overrun, ParentFault, Plan, Portal, PortalBuilder, PortalService, RecordedRequest, ResponseFuture, RobotAnswer,
    RobotCall, SourceIp, TimeFormat, VirtualClock,
};

fn shared<T: Debug + Send + Sync + 'static>() {}
fn sent<T: Debug + Send + 'static>() {}
fn cloned<T: Clone>() {}
fn future<T: Future + Send>() {}

#[test]
fn types_go_where_tests_need_them() {
    shared::<Portal>();
    shared::<PortalBuilder>();
    shared::<PortalService>();
    shared::<Engine>();
    shared::<Clock>();
    shared::<VirtualClock>();
    shared::<Fault>();
    shared::<Limits>();
    shared::<RecordedRequest>();
    shared::<SourceIp>();
    shared::<(FrameMessage, MessageFate, MessageForm, ParentFault)>();
    shared::<(Application, Installation)>();
    shared::<(EventDelivery, DeliveryFate, EventFault, OutgoingEvent, OutgoingWebhook, RobotAnswer, RobotCall)>();
    shared::<(ApiVersion, BatchBilling, Delivery, Dialect, Overrun, Plan, TimeFormat)>();
    sent::<Outcome>();
    sent::<ResponseFuture>();
    cloned::<(
        PortalBuilder,
        PortalService,
        Clock,
        VirtualClock,
        Fault,
        Limits,
        RecordedRequest,
        FrameMessage,
        ParentFault,
        Application,
        Installation,
    )>();
    cloned::<(EventDelivery, DeliveryFate, EventFault, OutgoingEvent, OutgoingWebhook, RobotAnswer, RobotCall)>();
    future::<ResponseFuture>();
}

#[test]
fn starting_a_portal_can_be_awaited_anywhere() {
    fn check<F: Future + Send>(_: F) {}
    check(Portal::builder().start());
}
