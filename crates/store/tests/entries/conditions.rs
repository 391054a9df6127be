//! Conditions of a status.

use serde_json::json;
use trimtab_store::{Condition, Conditions, Timestamp};

use crate::shelf::time;

fn since(conditions: &Conditions, type_: &str) -> Option<Timestamp> {
    conditions.get(type_).and_then(|condition| condition.since)
}

/// behaviour E6
#[test]
fn the_time_of_a_condition_moves_only_when_it_flips() {
    let mut conditions = Conditions::default();
    conditions.set(Condition::unmet("Ready", "Starting"), time(1));
    conditions.set(Condition::unmet("Ready", "StillStarting").because("1 of 2"), time(2));
    assert_eq!(since(&conditions, "Ready"), Some(time(1).into()), "another reason is no flip");
    assert_eq!(conditions.get("Ready").map(|ready| ready.message.as_str()), Some("1 of 2"));
    conditions.set(Condition::met("Ready", "Started"), time(3));
    assert_eq!(since(&conditions, "Ready"), Some(time(3).into()));
    let before = conditions.clone();
    conditions.set(Condition::met("Ready", "Started"), time(4));
    assert_eq!(conditions, before, "set again it changes nothing, so it writes nothing");
    conditions.set(Condition::unknown("Ready", "Lost"), time(5));
    assert_eq!(since(&conditions, "Ready"), Some(time(5).into()));
}

#[test]
fn a_condition_about_a_part_stands_beside_the_one_about_the_whole() {
    let mut conditions = Conditions::default();
    conditions.set(Condition::met("Accepted", "Bound"), time(1));
    conditions.set(Condition::unmet("Accepted", "NoPort").about("listener/80"), time(1));
    assert!(conditions.is_met("Accepted") && !conditions.is_met_about("Accepted", "listener/80"));
    assert!(!conditions.is_met("Ready"), "what nobody has stated is not met");
    conditions.retain(|condition| condition.about.is_none());
    assert_eq!((conditions.iter().count(), (&conditions).into_iter().count()), (1, 1));
    assert_eq!(conditions.get_about("Accepted", "listener/80"), None);
}

#[test]
fn conditions_are_a_list_in_the_form_that_scripts_write() {
    let written =
        json!([{ "type": "Ready", "status": "True", "reason": "Written", "message": "wrote out/blog.conf" }]);
    let conditions: Conditions = serde_json::from_value(written).expect("the form of product.md");
    assert!(conditions.is_met("Ready"));
    let set: Conditions = [Condition::met("A", "B").about("c")].into_iter().collect();
    let told = serde_json::to_value(&set).expect("JSON");
    assert_eq!(told, json!([{ "type": "A", "status": "True", "reason": "B", "message": "", "about": "c" }]));
}
