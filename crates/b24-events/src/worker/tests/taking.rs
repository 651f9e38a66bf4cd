//! What is taken from the inbox, and when: none is forgotten there, and none holds up the end.

use std::sync::Mutex;

use tower_service::Service;

use super::{troubled::Troubled, *};

/// Keeps an event and rings no bell.
async fn keep(service: &EventService, id: u64) {
    let body = format!("event=X&ts=1&data[ID]={id}&auth[member_id]=m1&auth[application_token]=t0ken");
    let letter = Letter::new(Bytes::from(body), Encoding::Form, service.reception.shared.now());
    service.reception.shared.inbox.append(letter).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn whatever_lies_in_the_inbox_at_the_start_is_handled_without_a_bell() {
    let (service, worker) = builder(token()).on_any(|_| async { Ok(()) }).build().unwrap();
    for id in 0..600 {
        keep(&service, id).await;
    }
    tokio::spawn(worker.run());
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(service.stats().handled, 600);
}

#[tokio::test(start_paused = true)]
async fn the_long_pause_of_one_event_does_not_put_off_another() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&calls);
    let begun = Instant::now();
    let (service, worker) = builder(token())
        .on_any(move |event| {
            let id = event.raw_data()["ID"].as_str().unwrap().to_owned();
            noted.lock().unwrap().push((begun.elapsed().as_millis(), id));
            async { Err("on purpose".into()) }
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    deliver(&service, 1).await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    deliver(&service, 2).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let calls = calls.lock().unwrap();
    let calls: Vec<_> = calls.iter().map(|(at, id)| (*at, id.as_str())).collect();
    assert_eq!(calls, [(0, "1"), (900, "2"), (1000, "1"), (1900, "2")]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_from_what_was_handled_is_not_handled() {
    let calls = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&calls);
    let inbox = Troubled { forgets: true, failed_answers: AtomicU32::new(1), ..Troubled::default() };
    let (service, worker) = builder(token())
        .inbox(inbox)
        .on_any(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    deliver(&service, 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((calls.load(Ordering::SeqCst), service.stats().failed), (0, 1));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((calls.load(Ordering::SeqCst), service.stats().handled), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_being_kept_while_a_worker_ends_is_handled_by_it() {
    let inbox = Troubled { forgets: true, append: Duration::from_millis(50), ..Troubled::default() };
    let (service, worker) = builder(token()).inbox(inbox).on_any(|_| async { Ok(()) }).build().unwrap();
    let (kept, left) = tokio::join!(deliver_by_the_door(&service), worker.run_until(std::future::ready(())));
    assert!(kept);
    assert_eq!((left.waiting, left.dropped, service.stats().handled), (0, 0, 1));
}

async fn deliver_by_the_door(service: &EventService) -> bool {
    let inside = service.reception.shared.door.enter().await;
    keep(service, 1).await;
    inside.is_some()
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_told_to_end_while_it_takes_handles_what_it_gets() {
    let inbox = Troubled { forgets: true, take: Duration::from_secs(5), ..Troubled::default() };
    let (service, worker) = builder(token()).inbox(inbox).on_any(|_| async { Ok(()) }).build().unwrap();
    keep(&service, 1).await;
    let left = worker.run_until(tokio::time::sleep(Duration::from_secs(1))).await;
    assert_eq!((left.waiting, left.dropped, service.stats().handled), (0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_inbox_that_does_not_answer_does_not_keep_a_worker_from_its_end() {
    let inbox = Troubled { forgets: true, take: Duration::from_secs(1_000_000), ..Troubled::default() };
    let (service, worker) =
        builder(token()).inbox(inbox).grace(Duration::from_secs(5)).on_any(|_| async { Ok(()) }).build().unwrap();
    keep(&service, 1).await;
    let begun = Instant::now();
    let left = worker.run_until(tokio::time::sleep(Duration::from_secs(1))).await;
    assert_eq!((begun.elapsed().as_secs(), left.waiting, service.stats().handled), (6, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_was_kept_for_a_sender_who_did_not_wait_for_the_answer_is_handled() {
    let inbox = Troubled { forgets: true, told: Duration::from_secs(30), ..Troubled::default() };
    let (mut service, worker) = builder(token()).inbox(inbox).on_any(|_| async { Ok(()) }).build().unwrap();
    tokio::spawn(worker.run());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let form = "event=X&auth[application_token]=t0ken".to_owned();
    let request = http::Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    let answer = service.call(request.body(form).unwrap());
    tokio::time::timeout(Duration::from_secs(10), answer).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((service.stats().accepted, service.stats().handled), (0, 1));
}

#[test]
fn a_handler_that_blocks_its_thread_does_not_keep_a_worker_from_its_end() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (free, blocked) = std::sync::mpsc::channel::<()>();
    let blocked = Arc::new(Mutex::new(blocked));
    let begun = Arc::new(tokio::sync::Notify::new());
    let left = runtime.block_on(async {
        let begins = Arc::clone(&begun);
        let (service, worker) = builder(token())
            .grace(Duration::from_millis(10))
            .on_any(move |_| {
                let (blocked, begins) = (Arc::clone(&blocked), Arc::clone(&begins));
                async move {
                    begins.notify_one();
                    Ok(blocked.lock().unwrap().recv()?)
                }
            })
            .build()
            .unwrap();
        deliver(&service, 1).await;
        worker.run_until(begun.notified()).await
    });
    assert_eq!((left.dropped, left.waiting), (1, 0));
    drop(free);
}
