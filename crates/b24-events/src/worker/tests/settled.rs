//! Waiting for a worker to come to rest.

use super::{troubled::Troubled, *};

/// In seconds.
async fn waited(service: &EventService) -> u64 {
    let begun = Instant::now();
    service.settled().await;
    begun.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_before_is_waited_for() {
    let (service, worker) = builder(token())
        .on_any(|_| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(())
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    service.settled().await;
    for id in 0..40 {
        deliver(&service, id).await;
    }
    // Sixteen at a time.
    assert_eq!(waited(&service).await, 3);
    assert_eq!(service.stats().handled, 40);
    assert_eq!(waited(&service).await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_another_attempt_is_not_waited_for() {
    let (service, worker) = builder(token()).on_any(|_| async { Err("on purpose".into()) }).build().unwrap();
    tokio::spawn(worker.run());
    deliver(&service, 1).await;
    assert_eq!((waited(&service).await, service.stats().failed), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_inbox_that_nothing_can_be_taken_from_is_not_at_rest() {
    let inbox = Troubled { failed_takes: AtomicU32::new(3), ..Troubled::default() };
    let (service, worker) = builder(token()).inbox(inbox).on_any(|_| async { Ok(()) }).build().unwrap();
    tokio::spawn(worker.run());
    deliver(&service, 1).await;
    service.settled().await;
    assert_eq!(service.stats().handled, 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_worker_that_has_gone() {
    let (service, worker) = builder(token()).on_any(|_| std::future::pending()).build().unwrap();
    deliver(&service, 1).await;
    let work = tokio::spawn(worker.run());
    let wait = tokio::spawn(async move {
        service.settled().await;
        service
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!wait.is_finished());
    work.abort();
    let service = wait.await.unwrap();
    service.settled().await;
    assert!(service.reception.shared.door.is_shut());
}

#[tokio::test]
async fn a_worker_that_never_ran_takes_the_service_with_it_where_the_inbox_forgets() {
    let (service, worker) = builder(token()).build().unwrap();
    drop(worker);
    service.settled().await;
    assert!(service.reception.shared.door.is_shut());
    let (service, worker) = builder(token()).inbox(Troubled::default()).build().unwrap();
    drop(worker);
    assert!(!service.reception.shared.door.is_shut());
}
