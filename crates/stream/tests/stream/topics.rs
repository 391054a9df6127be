//! Topics, subjects and the wildcard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use trimtab_seams::Seams;
use trimtab_stream::{
    Event, EventPublisher, Interest, PublishError, Subject, SubscribeError, SubscribeRequest, TopicSpec,
};

use crate::ledger::{Ledger, Line, changes, drain, line};

fn declared(topic: &str) -> TopicSpec<Line> {
    TopicSpec::new(topic, |_| (0, []))
}

/// behaviour S1
#[test]
fn publishing_to_an_unknown_topic_is_a_typed_error_and_publishes_nothing_of_the_commit() {
    let publisher = EventPublisher::new(&Seams::tokio(), [declared("users"), declared("orders")]);
    let error = publisher.publish(1, [line("users", "a", 1), line("user", "b", 1)]).unwrap_err();
    assert_eq!(error.to_string(), "find topic `user`: the publisher has `orders`, `users`");
    assert!(matches!(error, PublishError::UnknownTopic(unknown) if unknown.topic().as_str() == "user"));
    assert_eq!(publisher.index(), 0);
    publisher.publish(1, [line("users", "a", 1)]).unwrap();
}

/// behaviour S1
#[test]
fn subscribing_to_an_unknown_topic_is_a_typed_error() {
    let publisher = EventPublisher::new(&Seams::tokio(), [declared("orders")]);
    let error = publisher.subscribe(SubscribeRequest::all("order")).unwrap_err();
    assert!(matches!(error, SubscribeError::UnknownTopic(unknown) if unknown.known().len() == 1));
    let none = EventPublisher::<Line>::on_demand(&Seams::tokio(), |_| None);
    let error = none.subscribe(SubscribeRequest::all("orders")).unwrap_err();
    assert_eq!(error.to_string(), "find topic `orders`: the publisher has none");
    assert!(none.refresh(&"orders".into()).is_err());
}

/// behaviour S1
#[tokio::test]
async fn a_topic_without_a_wildcard_takes_single_subjects_only() {
    let publisher = EventPublisher::new(&Seams::tokio(), [declared("orders").without_wildcard()]);
    let error = publisher.subscribe(SubscribeRequest::all("orders")).unwrap_err();
    assert_eq!(error, SubscribeError::NoWildcard("orders".into()));
    assert_eq!(error.to_string(), "subscribe to all of topic `orders`: it has no wildcard; name one subject");
    assert!(publisher.subscribe(SubscribeRequest::one("orders", "a")).is_ok());
}

/// behaviour S1: compiles only as long as an [`Interest`] cannot become a [`Subject`]; if it could, `_` would be ambiguous.
#[test]
fn publishing_to_the_wildcard_does_not_compile() {
    trait Ambiguous<A> {
        const SAID: bool = true;
    }
    struct Becomes;
    impl<T> Ambiguous<()> for T {}
    impl<T: Into<Subject>> Ambiguous<Becomes> for T {}
    const { assert!(<Interest as Ambiguous<_>>::SAID) }
    const { assert!(<Subject as Ambiguous<Becomes>>::SAID) }
}

/// behaviour S1
#[tokio::test]
async fn a_subscription_gets_its_topic_and_its_subject_and_nothing_else() {
    let ledger = Ledger::new(&Seams::tokio());
    ledger.commit([line("orders", "a", 1), line("orders", "b", 1), line("users", "a", 1)]);
    let mut all = ledger.subscribe(SubscribeRequest::all("orders"));
    let mut one = ledger.subscribe(SubscribeRequest::one("orders", "a"));
    let mut absent = ledger.subscribe(SubscribeRequest::one("orders", "z"));
    ledger.commit([line("users", "b", 2)]);
    ledger.commit([line("orders", "b", 3)]);
    ledger.commit([line("users", "a", 4), line("orders", "a", 4)]);
    assert_eq!(
        drain(&mut all)[2..],
        [changes(3, [line("orders", "b", 3)]), changes(4, [line("orders", "a", 4)])]
    );
    assert_eq!(drain(&mut one)[0], changes(1, [line("orders", "a", 1)]));
    assert_eq!(drain(&mut one), []);
    assert_eq!((one.index(), drain(&mut absent).len(), absent.index()), (4, 1, 4));
}

/// behaviour S1: in an open set a topic is made once, when first needed, and a name that a stranger made up is forgotten with its last subscription.
#[tokio::test]
async fn topics_on_demand_last_as_long_as_something_happened_to_them_or_somebody_subscribes() {
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let publisher = EventPublisher::on_demand(&Seams::tokio(), move |topic| {
        counted.fetch_add(1, Ordering::Relaxed);
        Some(TopicSpec::new(topic, |_| (0, Vec::<Line>::new())))
    });
    let subscribe = || publisher.subscribe(SubscribeRequest::all("orders")).unwrap();
    let (first, second) = (subscribe(), subscribe());
    drop(first);
    drop(subscribe());
    assert_eq!(made.load(Ordering::Relaxed), 1, "it is there as long as somebody subscribes");
    drop(second);
    drop(subscribe());
    assert_eq!(made.load(Ordering::Relaxed), 2, "it was forgotten");
    publisher.publish(1, [Event::new("orders", "a", Some(1))]).unwrap();
    assert_eq!(made.load(Ordering::Relaxed), 3);
    drop(subscribe());
    publisher.publish(2, [Event::new("orders", "a", Some(2))]).unwrap();
    drop(subscribe());
    assert_eq!(made.load(Ordering::Relaxed), 3, "it has a history now");
}

/// behaviour S5
#[test]
fn indexes_rise_from_commit_to_commit() {
    let publisher = EventPublisher::new(&Seams::tokio(), [declared("orders")]);
    publisher.publish(5, [line("orders", "a", 1)]).unwrap();
    for index in [5, 4, 0] {
        let error = publisher.publish(index, [line("orders", "a", 2)]).unwrap_err();
        assert_eq!(error, PublishError::IndexNotAbove { index, last: 5 });
    }
    publisher.publish(9, []).unwrap();
    assert_eq!(publisher.index(), 9, "a commit without events raises the index");
}
