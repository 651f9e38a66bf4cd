//! Offline events against the portal: what is reserved, confirmed, lost on its way, marked, and rung for.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/installed.rs"]
mod installed;

use std::{ops::Deref, time::Duration};

use b24::{
    B24, Error, ErrorKind, EventService, Secret,
    events::{
        ApplicationToken, Doorbell, Event, OfflineEvents, Verified,
        binding::{self, Binding},
        offline::{OfflineBatch, OfflineEventsBuilder},
    },
};
use b24_portal::{Fault, Portal, PortalBuilder};
use installed::Installed;
use serde_json::{Value, json};

/// Longer than any test: what comes in one of them comes without the timer.
const NEVER: Duration = Duration::from_secs(100_000);
const UPDATE: &str = "ONCRMDEALUPDATE";
const GET: &str = "event.offline.get";
const HANDLER: &str = "https://app.example/events";

/// An application that keeps changes of deals.
struct Bench {
    installed: Installed,
    bell: Doorbell,
}

impl Deref for Bench {
    type Target = Installed;

    fn deref(&self) -> &Installed {
        &self.installed
    }
}

impl Bench {
    async fn on(builder: PortalBuilder) -> Self {
        Self { installed: Installed::on(builder).await, bell: Doorbell::new() }
    }

    async fn new() -> Self {
        let bench = Self::on(Portal::builder()).await;
        binding::bind(bench.b24.clone(), &Binding::offline(UPDATE)).await.unwrap();
        bench
    }

    fn change(&self, deals: impl IntoIterator<Item = u64>) {
        for deal in deals {
            self.portal.fire_event_as(1, UPDATE, json!({ "FIELDS": { "ID": deal } }));
        }
    }

    fn puller(&self) -> OfflineEventsBuilder<B24> {
        OfflineEvents::builder(self.b24.clone()).poll_every(NEVER).doorbell(&self.bell)
    }
}

async fn next(events: &mut OfflineEvents<B24>) -> OfflineBatch<B24> {
    try_next(events).await.unwrap()
}

async fn try_next(events: &mut OfflineEvents<B24>) -> Result<OfflineBatch<B24>, Error> {
    tokio::time::timeout(Duration::from_secs(60), events.next()).await.unwrap().unwrap()
}

/// The deals that the events of a batch are about.
fn deals(batch: &OfflineBatch<B24>) -> Vec<u64> {
    let deal = |data: Value| data["FIELDS"]["ID"].as_u64().unwrap();
    batch.events().iter().map(|event| deal(event.data().unwrap())).collect()
}

#[tokio::test]
async fn what_is_confirmed_is_gone_and_all_else_stays_reserved() {
    let bench = Bench::new().await;
    bench.change(1..=3);
    let mut events = bench.puller().build();
    let batch = next(&mut events).await;
    assert_eq!((deals(&batch), batch.process_id().unwrap().len()), (vec![1, 2, 3], 32));
    let event = &batch.events()[0];
    assert_eq!((&*event.name, event.message_id.len(), event.user_id), (UPDATE, 32, Some(1)));
    assert!(event.timestamp.is_some());

    batch.confirm_some([batch.events()[1].id]).await.unwrap();
    let left = bench.puller().reservations().await.unwrap();
    assert_eq!((left.len(), left[0].events, Some(&*left[0].process_id)), (1, 2, batch.process_id()));
    // Twice is as good as once, and what is in no batch is not touched.
    bench.change([4]);
    for _ in 0..2 {
        batch.confirm().await.unwrap();
    }
    assert_eq!(bench.puller().reservations().await.unwrap(), []);
    bench.bell.ring();
    assert_eq!(deals(&next(&mut events).await), [4]);
}

#[tokio::test]
async fn changes_of_one_object_are_one_row_until_it_is_reserved() {
    let bench = Bench::new().await;
    bench.change([5, 6]);
    for user in [1, 3] {
        bench.portal.fire_event_as(user, UPDATE, json!({ "FIELDS": { "ID": 5 } }));
    }
    let mut events = bench.puller().build();
    let batch = next(&mut events).await;
    assert_eq!(batch.events().len(), 2);
    let of_five =
        |batch: &OfflineBatch<B24>| batch.events().iter().find(|event| event.raw_data().contains('5')).cloned();
    assert_eq!(of_five(&batch).unwrap().user_id, Some(3));
    // What changes while it is worked on is not confirmed with it.
    bench.change([5]);
    batch.confirm().await.unwrap();
    bench.bell.ring();
    let later = next(&mut events).await;
    assert_eq!(deals(&later), [5]);
    assert_eq!(of_five(&later).unwrap().message_id, of_five(&batch).unwrap().message_id);
}

#[tokio::test]
async fn a_program_that_was_killed_goes_on_with_the_id_it_has_stored() {
    let bench = Bench::new().await;
    bench.change(1..=3);
    let stored = {
        let mut events = bench.puller().build();
        let batch = next(&mut events).await;
        batch.confirm_some([batch.events()[0].id]).await.unwrap();
        batch.process_id().unwrap().to_owned()
    };
    bench.change([2, 7]);
    // Without the id nobody takes its events, though one of them has changed since.
    let other = next(&mut bench.puller().build()).await;
    assert_eq!(deals(&other), [2, 7]);
    let mut events = bench.puller().resume("nobody has drawn this one, 32 of").resume(&stored).resume(&stored).build();
    let again = next(&mut events).await;
    assert_eq!((deals(&again), again.process_id()), (vec![2, 3], Some(&*stored)));
    again.confirm().await.unwrap();
    bench.change([8]);
    assert_eq!(deals(&next(&mut events).await), [8]);
}

#[tokio::test]
async fn a_sole_consumer_that_was_killed_goes_on_without_any_id() {
    let bench = Bench::new().await;
    bench.change(1..=3);
    drop(next(&mut bench.puller().page_size(2).build()).await);
    bench.change([4]);
    let mut events = bench.puller().sole_consumer().build();
    for want in [vec![1, 2], vec![3, 4]] {
        let batch = next(&mut events).await;
        assert_eq!(deals(&batch), want);
        batch.confirm().await.unwrap();
    }
    assert_eq!(bench.puller().reservations().await.unwrap(), []);
}

#[tokio::test]
async fn more_than_a_page_comes_in_pages_without_a_wait_and_comes_again_in_smaller_ones() {
    let bench = Bench::new().await;
    bench.change(1..=120);
    let mut events = bench.puller().build();
    let mut seen = Vec::new();
    let mut batches = Vec::new();
    for size in [50, 50, 20] {
        let batch = next(&mut events).await;
        assert_eq!(batch.events().len(), size);
        seen.extend(deals(&batch));
        batches.push(batch);
    }
    assert_eq!(seen, (1..=120).collect::<Vec<_>>());
    let left = bench.puller().reservations().await.unwrap();
    assert_eq!(left.iter().map(|left| left.events).collect::<Vec<_>>(), [50, 50, 20]);

    batches[1].confirm().await.unwrap();
    batches[2].confirm().await.unwrap();
    bench.change([121]);
    let mut again = bench.puller().page_size(20).resume(batches[0].process_id().unwrap()).build();
    let mut seen = Vec::new();
    while seen.len() < 50 {
        let batch = next(&mut again).await;
        seen.extend(deals(&batch));
        batch.confirm().await.unwrap();
    }
    assert_eq!(seen, (1..=50).collect::<Vec<_>>());
    assert_eq!(deals(&next(&mut again).await), [121]);
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_once_and_its_events_are_found_again() {
    let bench = Bench::new().await;
    bench.change(1..=2);
    bench.portal.fault(Fault::lost_response().for_method(GET));
    let mut shared = bench.puller().build();
    let error = try_next(&mut shared).await.unwrap_err();
    assert!(error.may_have_run(), "{error}");
    assert_eq!(bench.asked(GET), 1);

    // Who shares the queue gets what is new; the rest is found under the id that was lost.
    bench.change([3]);
    bench.bell.ring();
    let batch = next(&mut shared).await;
    assert_eq!(deals(&batch), [3]);
    batch.confirm().await.unwrap();
    let lost = bench.puller().reservations().await.unwrap();
    assert_eq!((lost.len(), lost[0].events), (1, 2));
    let again = next(&mut bench.puller().resume(&lost[0].process_id).build()).await;
    assert_eq!(deals(&again), [1, 2]);
    again.confirm().await.unwrap();

    // Who has it alone gets all by itself, what is at work left out.
    let mut sole = bench.puller().sole_consumer().page_size(1).build();
    bench.change([4]);
    let at_work = next(&mut sole).await;
    bench.change([5]);
    bench.portal.fault(Fault::lost_response().for_method(GET));
    assert!(try_next(&mut sole).await.unwrap_err().may_have_run());
    bench.bell.ring();
    assert_eq!((deals(&at_work), deals(&next(&mut sole).await)), (vec![4], vec![5]));
}

#[tokio::test]
async fn an_answer_that_is_lost_in_the_middle_or_behind_a_proxy_loses_nothing_either() {
    let html = || Fault::html(504).after_handler();
    for fault in [Fault::truncated_body(40), html(), Fault::reset()] {
        let bench = Bench::new().await;
        bench.change([1]);
        bench.portal.fault(fault.for_method(GET));
        let mut events = bench.puller().sole_consumer().build();
        let error = try_next(&mut events).await.unwrap_err();
        assert!(error.may_have_run(), "{error}");
        assert_eq!(bench.asked(GET), 1, "{error}");
        bench.bell.ring();
        assert_eq!(deals(&next(&mut events).await), [1], "{error}");
    }
}

#[tokio::test]
async fn what_a_lost_answer_has_deleted_is_gone_and_said_to_be() {
    let bench = Bench::new().await;
    bench.change(1..=2);
    bench.portal.fault(Fault::lost_response().for_method(GET));
    let mut events = bench.puller().delete_on_read().build();
    assert!(try_next(&mut events).await.unwrap_err().may_have_run());
    bench.change([3]);
    bench.bell.ring();
    let batch = next(&mut events).await;
    assert_eq!((deals(&batch), batch.process_id()), (vec![3], None));
    batch.confirm().await.unwrap();
    assert_eq!((bench.asked("event.offline.clear"), bench.asked(GET)), (0, 2));
    let listed = bench.b24.v2().call("event.offline.list").send::<Value>().await.unwrap().result;
    assert_eq!(listed, json!([]));
}

#[tokio::test]
async fn a_lost_confirmation_is_sent_again() {
    let bench = Bench::new().await;
    bench.change([1]);
    let batch = next(&mut bench.puller().build()).await;
    bench.portal.fault(Fault::lost_response().for_method("event.offline.clear"));
    batch.confirm().await.unwrap();
    assert_eq!(bench.asked("event.offline.clear"), 2);
    assert_eq!(bench.puller().reservations().await.unwrap(), []);
}

#[tokio::test]
async fn failed_events_come_to_those_who_ask_for_them_and_take_later_changes_along() {
    let bench = Bench::new().await;
    bench.change(1..=3);
    let mut events = bench.puller().build();
    let batch = next(&mut events).await;
    batch.fail([batch.events()[0].message_id.clone()]).await.unwrap();
    // The mark stays, whoever says it again, and whatever else is confirmed.
    batch.fail([batch.events()[0].message_id.clone()]).await.unwrap();
    batch.confirm().await.unwrap();
    bench.portal.fire_event_as(3, UPDATE, json!({ "FIELDS": { "ID": 1 } }));
    bench.change([4]);
    bench.bell.ring();
    assert_eq!(deals(&next(&mut events).await), [4]);

    let stored = {
        let failed = next(&mut bench.puller().failed().build()).await;
        assert_eq!((deals(&failed), failed.events()[0].user_id), (vec![1], Some(3)));
        failed.process_id().unwrap().to_owned()
    };
    // Reserved, marked, and left: it comes again in the same way.
    let mut again = bench.puller().failed().resume(&stored).build();
    let failed = next(&mut again).await;
    assert_eq!((deals(&failed), failed.process_id()), (vec![1], Some(&*stored)));
    failed.confirm().await.unwrap();
    assert_eq!(bench.puller().failed().reservations().await.unwrap(), []);
    bench.change([1]);
    bench.bell.ring();
    assert_eq!(deals(&next(&mut events).await), [1]);
}

#[tokio::test]
async fn the_portal_rings_the_bell() {
    let bench = Bench::on(Portal::builder()).await;
    let bindings = [Binding::offline(UPDATE), Binding::online("ONOFFLINEEVENT", HANDLER).with_option("minTimeout", 0)];
    binding::ensure(bench.b24.clone(), &bindings).await.unwrap();
    let token = bench.portal.application().application_token().to_owned();
    let bell = bench.bell.clone();
    let (service, worker) = EventService::builder(ApplicationToken::new(Secret::from(token)))
        .on("onOfflineEvent", move |_: Verified<Event>| {
            bell.ring();
            async { Ok(()) }
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    bench.portal.deliver_to(service);

    let mut events = bench.puller().build();
    let waiting = tokio::spawn(async move { deals(&next(&mut events).await) });
    while bench.asked(GET) == 0 {
        tokio::task::yield_now().await;
    }
    bench.change([9]);
    assert_eq!(waiting.await.unwrap(), [9]);
}

#[tokio::test]
async fn a_plan_without_reservations_says_so_and_deletion_works() {
    let bench = Bench::on(Portal::builder().extended_offline_events(false)).await;
    binding::bind(bench.b24.clone(), &Binding::offline(UPDATE)).await.unwrap();
    bench.change([1]);
    for builder in [bench.puller(), bench.puller().delete_on_read().auth_connector("sync")] {
        let mut events = builder.build();
        let error = try_next(&mut events).await.unwrap_err();
        assert_eq!((error.code(), error.rest().unwrap().status().as_u16()), ("WRONG_LICENSE", 403));
        assert!(events.next().await.is_none());
    }
    let error = binding::bind(bench.b24.clone(), &Binding::offline(UPDATE).with_auth_connector("sync")).await;
    assert_eq!(error.unwrap_err().code(), "WRONG_LICENSE");
    assert_eq!(deals(&next(&mut bench.puller().delete_on_read().sole_consumer().build()).await), [1]);
}

#[tokio::test]
async fn writes_with_the_key_of_a_queue_do_not_come_back_in_it() {
    let bench = Bench::on(Portal::builder()).await;
    let keyed = Binding::offline(UPDATE).with_auth_connector("sync");
    binding::ensure(bench.b24.clone(), &[Binding::offline(UPDATE), keyed.clone()]).await.unwrap();
    for (deal, key) in [(1, Some("sync")), (2, None), (3, Some("other"))] {
        let mut params = json!({ "id": deal, "fields": { "TITLE": "new" } });
        if let Some(key) = key {
            params["auth_connector"] = key.into();
        }
        bench.b24.v2().call("crm.deal.update").params(params).send::<Value>().await.unwrap();
    }
    bench.change([4]);
    let of_key = next(&mut bench.puller().auth_connector("sync").sole_consumer().build()).await;
    assert_eq!(deals(&of_key), [2, 3, 4]);
    let of_none = next(&mut bench.puller().build()).await;
    assert_eq!(deals(&of_none), [1, 3, 4]);
    // Each queue knows its own reservations, and confirms them.
    of_key.confirm().await.unwrap();
    assert_eq!(bench.puller().auth_connector("sync").reservations().await.unwrap(), []);
    assert_eq!(bench.puller().reservations().await.unwrap()[0].events, 3);
    of_none.confirm().await.unwrap();
    assert_eq!(bench.puller().reservations().await.unwrap(), []);
    assert_eq!(binding::unbind(bench.b24.clone(), &keyed).await.unwrap(), 1);
    assert_eq!(binding::bound(bench.b24.clone()).await.unwrap(), [Binding::offline(UPDATE)]);
}

#[tokio::test]
async fn an_id_of_nothing_is_no_reservation() {
    let bench = Bench::new().await;
    bench.change([1]);
    // A program that has stored nothing reads nothing: to the portal it would be the rows that nobody has reserved.
    let mut events = bench.puller().resume("").resume(" ").build();
    let batch = next(&mut events).await;
    assert_eq!((deals(&batch), batch.process_id().map(str::len)), (vec![1], Some(32)));
    bench.change([1]);
    batch.confirm().await.unwrap();
    bench.bell.ring();
    assert_eq!(deals(&next(&mut events).await), [1]);
}

#[tokio::test]
async fn what_was_deleted_as_it_was_read_cannot_be_marked() {
    let bench = Bench::new().await;
    bench.change([1]);
    let batch = next(&mut bench.puller().delete_on_read().build()).await;
    let error = batch.fail([batch.events()[0].message_id.clone()]).await.unwrap_err();
    assert_eq!((error.kind(), bench.asked("event.offline.error")), (ErrorKind::Usage, 0));
}
