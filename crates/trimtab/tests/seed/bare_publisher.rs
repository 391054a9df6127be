//! The seed's controller stands on a publisher alone, with payloads of any kind. So can ours.

use trimtab::prelude::*;
use trimtab::stream::{Event, EventPublisher, SubscribeRequest, TopicSpec};

use crate::Seen;
use crate::stage::{until, with_store};

/// Services as a catalogue knows them, which is no store of entries.
type Instance = Event<&'static str>;

fn instance(service: &'static str, address: &'static str) -> Instance {
    Event::new("service-health", service, address)
}

/// behaviour C2, C3, C5
#[test]
fn a_controller_runs_over_a_bare_publisher() {
    with_store(1, async |store| {
        let there = [instance("web", "10.0.0.1"), instance("web", "10.0.0.2")];
        let topic = TopicSpec::new("service-health", move |_| (7, there.clone()));
        let publisher = EventPublisher::new(store.seams(), [topic]);
        let request_of = |event: &Instance| Request::new("service", event.subject.as_str());

        let seen = Seen::default();
        let request = SubscribeRequest::all("service-health");
        let controller = Controller::new(&store, seen.clone())
            .subscribe(Source::from_publisher(&publisher, request, request_of).with_gate());
        let handle = controller.handle();
        let script = async {
            assert!(handle.synced().await);
            until(store.seams(), || handle.is_settled()).await;
            assert_eq!(seen.take(), [Request::new("service", "web")], "what is there, each request once");
            publisher.publish(8, [instance("api", "10.0.0.3"), instance("web", "10.0.0.4")]).unwrap();
            until(store.seams(), || seen.len() == 2).await;
            assert_eq!(seen.names(), ["api", "web"]);
        };
        controller.run(script).await.unwrap();
    });
}

/// behaviour C15
#[test]
fn a_topic_that_the_publisher_does_not_have_is_told_before_anything_starts() {
    with_store(1, async |store| {
        let publisher = EventPublisher::<Instance>::new(store.seams(), []);
        let request = SubscribeRequest::all("service-health");
        let source = Source::from_publisher(&publisher, request, |_| None::<Request>);
        let error = Controller::new(&store, Seen::default()).subscribe(source).check().unwrap_err();
        assert_eq!(error.setting, "subscribe");
        assert!(error.problem.contains("service-health"), "{error}");
    });
}
