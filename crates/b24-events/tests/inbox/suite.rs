//! What every inbox promises.

use std::{sync::Arc, time::Duration};

use b24_events::{
    Encoding,
    inbox::{InboxErrorKind, Letter, LetterId},
};

use super::{Fresh, at, bodies, event, letter, take_one};

const ROOM: u64 = 1 << 20;

pub(crate) async fn a_letter_waits_until_it_is_acknowledged(make: fn(u64) -> Fresh) {
    let Fresh { inbox, _folder } = make(ROOM);
    inbox.append(letter("a")).await.unwrap();
    assert_eq!(inbox.waiting().await.unwrap(), 1);
    let id = take_one(&*inbox, at(1)).await;
    assert_eq!(inbox.waiting().await.unwrap(), 1, "taken, and not done with");
    inbox.acknowledge(id, None, at(2)).await.unwrap();
    assert_eq!(inbox.waiting().await.unwrap(), 0);
}

pub(crate) async fn a_letter_comes_back_as_it_was(make: fn(u64) -> Fresh) {
    let Fresh { inbox, _folder } = make(ROOM);
    let body: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let received = at(0) + Duration::from_millis(7);
    inbox.append(Letter::new(body.clone().into(), Encoding::Json, received)).await.unwrap();
    inbox.append(Letter::new(Vec::new().into(), Encoding::Form, received)).await.unwrap();
    let taken = inbox.take(10, at(1)).await.unwrap();
    let [long, empty] = &taken.letters[..] else { panic!("two letters") };
    assert_eq!(long.letter.body, body);
    assert_eq!((long.letter.encoding, long.letter.received, long.attempts), (Encoding::Json, received, 0));
    assert!(empty.letter.body.is_empty());
    assert_eq!(empty.letter.encoding, Encoding::Form);
}

pub(crate) async fn a_letter_is_taken_once(make: fn(u64) -> Fresh) {
    let Fresh { inbox, _folder } = make(ROOM);
    inbox.append(letter("a")).await.unwrap();
    let id = take_one(&*inbox, at(1)).await;
    assert!(inbox.take(10, at(1)).await.unwrap().letters.is_empty());
    inbox.acknowledge(id, None, at(1)).await.unwrap();
    // The id of a letter that is gone must not hide the next one.
    inbox.append(letter("b")).await.unwrap();
    assert_eq!(bodies(&inbox.take(10, at(1)).await.unwrap()), ["b"]);
    assert!(inbox.take(10, at(1)).await.unwrap().letters.is_empty());
}

pub(crate) async fn letters_are_taken_oldest_first_and_no_more_than_asked_for(make: fn(u64) -> Fresh) {
    let Fresh { inbox, _folder } = make(ROOM);
    for body in ["a", "b", "c", "d"] {
        inbox.append(letter(body)).await.unwrap();
    }
    assert!(inbox.take(0, at(1)).await.unwrap().letters.is_empty());
    let taken = inbox.take(2, at(1)).await.unwrap();
    assert_eq!(bodies(&taken), ["a", "b"]);
    assert_eq!(taken.next_due, None);
    for again in &taken.letters {
        inbox.postpone(again.id, at(5)).await.unwrap();
    }
    assert_eq!(bodies(&inbox.take(1, at(5)).await.unwrap()), ["a"]);
    assert_eq!(bodies(&inbox.take(9, at(5)).await.unwrap()), ["b", "c", "d"]);
}

pub(crate) async fn what_fails_again_and_again_does_not_keep_the_rest_waiting(make: fn(u64) -> Fresh) {
    let Fresh { inbox, _folder } = make(ROOM);
    for body in ["a", "b", "c", "d", "e"] {
        inbox.append(letter(body)).await.unwrap();
    }
    for again in inbox.take(10, at(1)).await.unwrap().letters {
        inbox.postpone(again.id, at(1)).await.unwrap();
    }
    for body in ["f", "g", "h"] {
        inbox.append(letter(body)).await.unwrap();
    }
    assert_eq!(bodies(&inbox.take(4, at(1)).await.unwrap()), ["a", "b", "f", "g"]);
    // Where there is little else, they have the rest of the room.
    assert_eq!(bodies(&inbox.take(4, at(1)).await.unwrap()), ["c", "d", "e", "h"]);
    assert!(inbox.take(4, at(1)).await.unwrap().letters.is_empty());
}

pub(crate) async fn a_postponed_letter_comes_when_it_is_due(make: fn(u64) -> Fresh) {
    let Fresh { inbox, _folder } = make(ROOM);
    inbox.append(letter("a")).await.unwrap();
    let id = take_one(&*inbox, at(1)).await;
    inbox.postpone(id, at(60)).await.unwrap();
    let taken = inbox.take(10, at(59)).await.unwrap();
    assert!(taken.letters.is_empty());
    assert_eq!(taken.next_due, Some(at(60)));
    let taken = inbox.take(10, at(60)).await.unwrap();
    assert_eq!((taken.letters[0].id, taken.letters[0].attempts), (id, 1));
    assert_eq!(taken.next_due, None);
    assert!(inbox.take(10, at(99)).await.unwrap().letters.is_empty(), "taken already");
    inbox.postpone(id, at(100)).await.unwrap();
    assert_eq!(inbox.take(10, at(100)).await.unwrap().letters[0].attempts, 2);
}

pub(crate) async fn a_letter_that_is_gone_does_not_come_when_it_was_due(make: fn(u64) -> Fresh) {
    let Fresh { inbox, _folder } = make(ROOM);
    for body in ["a", "b", "c"] {
        inbox.append(letter(body)).await.unwrap();
    }
    let taken = inbox.take(3, at(1)).await.unwrap();
    let [a, b, c] = [0, 1, 2].map(|index| taken.letters[index].id);
    for id in [a, b, c] {
        inbox.postpone(id, at(60)).await.unwrap();
    }
    inbox.acknowledge(a, None, at(2)).await.unwrap();
    inbox.bury(b).await.unwrap();
    inbox.postpone(c, at(70)).await.unwrap();
    assert!(inbox.take(10, at(60)).await.unwrap().letters.is_empty());
    assert_eq!(bodies(&inbox.take(10, at(70)).await.unwrap()), ["c"]);
}

pub(crate) async fn a_handled_event_is_remembered_for_25_hours(make: fn(u64) -> Fresh) {
    const HOURS: u64 = 60 * 60;
    let Fresh { inbox, _folder } = make(ROOM);
    inbox.append(letter("a")).await.unwrap();
    let id = take_one(&*inbox, at(1)).await;
    assert!(!inbox.was_handled(event(1), at(1)).await.unwrap());
    inbox.acknowledge(id, Some(event(1)), at(10)).await.unwrap();
    assert!(inbox.was_handled(event(1), at(10)).await.unwrap());
    assert!(inbox.was_handled(event(1), at(9)).await.unwrap(), "a clock that was set back");
    assert!(inbox.was_handled(event(1), at(9 + 25 * HOURS)).await.unwrap());
    assert!(!inbox.was_handled(event(1), at(10 + 25 * HOURS)).await.unwrap());
    assert!(!inbox.was_handled(event(2), at(10)).await.unwrap());
}

pub(crate) async fn an_event_that_is_handled_again_is_remembered_from_then_on(make: fn(u64) -> Fresh) {
    const HOURS: u64 = 60 * 60;
    let Fresh { inbox, _folder } = make(ROOM);
    let gone = LetterId::new(1);
    inbox.acknowledge(gone, Some(event(1)), at(0)).await.unwrap();
    inbox.acknowledge(gone, Some(event(1)), at(20 * HOURS)).await.unwrap();
    // Both forget what is over when something new comes.
    inbox.acknowledge(gone, Some(event(2)), at(30 * HOURS)).await.unwrap();
    assert!(inbox.was_handled(event(1), at(30 * HOURS)).await.unwrap());
    inbox.acknowledge(gone, Some(event(3)), at(46 * HOURS)).await.unwrap();
    assert!(!inbox.was_handled(event(1), at(46 * HOURS)).await.unwrap());
    assert!(!inbox.was_handled(event(1), at(21 * HOURS)).await.unwrap(), "forgotten, not only over");
    assert!(inbox.was_handled(event(2), at(46 * HOURS)).await.unwrap());
}

pub(crate) async fn a_full_inbox_keeps_nothing_more_until_there_is_room(make: fn(u64) -> Fresh) {
    let Fresh { inbox, _folder } = make(3 * 256 + 30);
    for _ in 0..2 {
        inbox.append(letter("0123456789")).await.unwrap();
    }
    let error = inbox.append(letter("01234567890")).await.unwrap_err();
    assert_eq!(error.kind(), InboxErrorKind::Full);
    inbox.append(letter("0123456789")).await.unwrap();
    assert_eq!(inbox.append(letter("")).await.unwrap_err().kind(), InboxErrorKind::Full);
    assert_eq!(inbox.waiting().await.unwrap(), 3);
    let taken = inbox.take(1, at(1)).await.unwrap();
    inbox.acknowledge(taken.letters[0].id, None, at(1)).await.unwrap();
    inbox.append(letter("0123456789")).await.unwrap();
    assert_eq!(inbox.append(letter("")).await.unwrap_err().kind(), InboxErrorKind::Full);
}

pub(crate) async fn a_buried_letter_is_not_taken_again_and_makes_room(make: fn(u64) -> Fresh) {
    let Fresh { inbox, _folder } = make(256 + 1);
    inbox.append(letter("a")).await.unwrap();
    let id = take_one(&*inbox, at(1)).await;
    inbox.bury(id).await.unwrap();
    assert_eq!(inbox.waiting().await.unwrap(), 0);
    let taken = inbox.take(10, at(1_000_000)).await.unwrap();
    assert!(taken.letters.is_empty());
    assert_eq!(taken.next_due, None);
    inbox.append(letter("b")).await.unwrap();
    assert_eq!(bodies(&inbox.take(10, at(1)).await.unwrap()), ["b"]);
}

pub(crate) async fn what_is_not_there_cannot_be_changed(make: fn(u64) -> Fresh) {
    let Fresh { inbox, _folder } = make(ROOM);
    inbox.append(letter("a")).await.unwrap();
    let id = take_one(&*inbox, at(1)).await;
    let other = LetterId::new(id.get() + 1);
    inbox.acknowledge(other, None, at(1)).await.unwrap();
    inbox.postpone(other, at(1)).await.unwrap();
    inbox.bury(other).await.unwrap();
    assert_eq!(inbox.waiting().await.unwrap(), 1);
    assert!(inbox.take(10, at(1)).await.unwrap().letters.is_empty());
    for _ in 0..2 {
        inbox.acknowledge(id, None, at(1)).await.unwrap();
    }
    assert_eq!(inbox.waiting().await.unwrap(), 0);
}

pub(crate) async fn letters_of_many_tasks_are_all_there(make: fn(u64) -> Fresh) {
    let Fresh { inbox, _folder } = make(ROOM);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let inbox = Arc::clone(&inbox);
        tasks.spawn(async move { inbox.append(letter(&format!("{number:04}"))).await });
    }
    let mut found = Vec::new();
    while let Some(appended) = tasks.join_next().await {
        appended.unwrap().unwrap();
        // Taken while others are still on their way.
        found.extend(bodies(&inbox.take(7, at(1)).await.unwrap()));
    }
    found.extend(bodies(&inbox.take(1000, at(1)).await.unwrap()));
    found.sort();
    let sent: Vec<_> = (0..1000).map(|number| format!("{number:04}")).collect();
    assert_eq!(found, sent);
}
