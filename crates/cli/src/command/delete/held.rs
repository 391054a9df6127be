//! What holds an entry that is being deleted.

use trimtab::store::CASCADE_FINALIZER;
use trimtab_http::wire::{Description, Finalizer, Written};

use crate::client::Client;

/// `, held by trimtab/sites until sites lets go`: what is told behind `deleting`. Nothing when it cannot be asked, or is gone by now.
pub(super) fn held_by(client: &Client, written: &Written) -> String {
    let holders = match description(client, written) {
        Some(description) => description.finalizers,
        None => return String::new(),
    };
    let told: Vec<_> = holders.iter().map(holder).collect();
    if told.is_empty() { String::new() } else { format!("; held by {}", told.join(", ")) }
}

/// What is known of an entry at present; none when it is gone.
pub(super) fn description(client: &Client, written: &Written) -> Option<Description> {
    let key = &written.key;
    let request = client.get(&["v1", "entries", &key.kind, &key.name, "description"]);
    let request =
        request.query("namespace", key.namespace.as_deref()).query("partition", key.partition.as_deref());
    request.send::<Description>().ok().map(|answer| answer.body)
}

fn holder(finalizer: &Finalizer) -> String {
    let name = &finalizer.name;
    match &finalizer.controller {
        Some(_) if name == CASCADE_FINALIZER => format!("{name} until what it owns is seen to"),
        Some(controller) => format!("{name} until {controller} has cleaned up"),
        None => format!("{name}, which no controller here removes (--drop-finalizer {name} does)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_holder_is_told_with_what_it_waits_for() {
        let told = |name: &str, controller: Option<&str>| {
            holder(&Finalizer { name: name.into(), controller: controller.map(str::to_owned), holds: true })
        };
        assert_eq!(told("trimtab/sites", Some("sites")), "trimtab/sites until sites has cleaned up");
        let cascade = told(CASCADE_FINALIZER, Some("owners"));
        assert_eq!(cascade, "trimtab.cascade until what it owns is seen to");
        assert_eq!(
            told("old/one", None),
            "old/one, which no controller here removes (--drop-finalizer old/one does)"
        );
    }
}
