//! Replicas, and who of them runs what, as tables.

use std::time::SystemTime;

use trimtab_http::wire::{Cluster, Replica, ReplicaState, RunBy};

use super::{Cell, Colour, Style, Table, ago};

/// Whether there is anything to tell apart.
pub(crate) fn is_one_of_many(cluster: &Cluster) -> bool {
    cluster.replicas.len() > 1 || !cluster.leaders.is_empty() || !cluster.shards.is_empty()
}

/// The replica that answered.
pub(crate) fn answering(cluster: &Cluster) -> Option<&Replica> {
    cluster.replicas.iter().find(|replica| replica.readiness.is_some())
}

/// What is wrong with the others, in a few words: `1 of 3 replicas is silent: b`.
pub(crate) fn missing(cluster: &Cluster) -> Option<String> {
    let of = |state| -> Vec<&str> {
        let others = cluster.replicas.iter().filter(|replica| replica.state == state);
        others.map(|replica| replica.name.as_str()).collect()
    };
    let (silent, unknown) = (of(ReplicaState::Silent), of(ReplicaState::Unknown));
    let all = cluster.replicas.len();
    match (silent.len(), unknown.len()) {
        (0, 0) => None,
        (0, many) => Some(format!("{many} of {all} replicas cannot be heard from here")),
        (1, _) => Some(format!("1 of {all} replicas is silent: {}", silent[0])),
        (many, _) => Some(format!("{many} of {all} replicas are silent: {}", silent.join(", "))),
    }
}

/// A row for each replica.
pub(crate) fn replicas(cluster: &Cluster, style: Style, now: SystemTime) -> Table {
    let mut table = Table::new(&["REPLICA", "STATE", "STARTED", "VERSION", "API"], style);
    for replica in &cluster.replicas {
        let colour = match replica.state {
            ReplicaState::Alive => Colour::Good,
            ReplicaState::Silent => Colour::Bad,
            ReplicaState::Unknown => Colour::Pending,
        };
        table.row(vec![
            replica.name.as_str().into(),
            Cell::coloured(replica.state.as_str(), colour),
            format!("{} ago", ago(&replica.started, now)).into(),
            replica.version.as_str().into(),
            replica.api.as_deref().unwrap_or("-").into(),
        ]);
    }
    table
}

/// A row for each share of a controller whose keys are shared out.
pub(crate) fn shards(cluster: &Cluster, style: Style) -> Table {
    let mut table = Table::new(&["SHARED", "REPLICA", "SHARE", "MAP", "EPOCH"], style);
    for shards in &cluster.shards {
        for member in &shards.members {
            let adopted = member.adopted.map_or("-".into(), |adopted| adopted.to_string());
            let map = match shards.version {
                // It moves at once, or waits for whoever has fallen silent.
                Some(version) if member.adopted != Some(version) => {
                    Cell::coloured(format!("{adopted}, not yet {version}"), Colour::Pending)
                }
                _ => adopted.into(),
            };
            table.row(vec![
                shards.controller.as_str().into(),
                member.replica.as_str().into(),
                percent(member.share).into(),
                map,
                member.epoch.to_string().into(),
            ]);
        }
    }
    table
}

/// Who runs a controller, and under which epoch or version of the map: `a`, `2 replicas`.
pub(crate) fn run_by(cluster: &Cluster, controller: &str) -> [Cell; 2] {
    if let Some(leader) = cluster.leaders.iter().find(|leader| leader.controller == controller) {
        let nobody = || Cell::coloured("none known", Colour::Bad);
        let name = leader.replica.as_deref().map_or_else(nobody, Cell::from);
        return [name, leader.epoch.map_or("-".into(), |epoch| epoch.to_string()).into()];
    }
    if let Some(shards) = cluster.shards.iter().find(|shards| shards.controller == controller) {
        let who = match shards.members.len() {
            0 => return ["not known here".into(), "-".into()],
            1 => "1 replica".to_owned(),
            many => format!("{many} replicas"),
        };
        let moving = Cell::coloured(format!("{who}, keys are moving"), Colour::Pending);
        let who = if shards.settled { who.into() } else { moving };
        return [who, shards.version.map_or("-".into(), |version| version.to_string()).into()];
    }
    ["each".into(), "-".into()]
}

/// `34 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A replica to be asked instead: `replica b at http://b:7420`.
pub(crate) fn peer(run_by: &RunBy) -> String {
    match (&run_by.replica, &run_by.api) {
        (Some(name), Some(api)) => format!("replica {name} at {api}"),
        (Some(name), None) => format!("replica {name}"),
        (None, _) => "another replica".into(),
    }
}

/// How to ask it.
pub(crate) fn how_to_ask(run_by: &RunBy) -> String {
    match &run_by.api {
        Some(api) => format!("ask it by `--server {api}`"),
        None => "`trimtab status` tells which replicas there are, and where they are reached".into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// With replicas in these states, called `r0` and so on; the first one answers.
    fn cluster(states: &[&str]) -> Cluster {
        let replicas = states.iter().enumerate().map(|(at, state)| {
            let readiness = (at == 0).then(|| json!({"ready": true, "reasons": []}));
            json!({
                "name": format!("r{at}"), "id": "00", "state": state, "version": "1", "readiness": readiness,
                "started": "2026-01-01T00:00:00Z"
            })
        });
        let share = |replica: &str, adopted| json!({"replica": replica, "epoch": 3, "adopted": adopted, "share": 0.5});
        let shards = |controller: &str, members| json!({"controller": controller, "group": "g", "version": 8, "settled": false, "members": members});
        let store = json!({
            "description": "etcd", "following": "live", "position": "", "entries": 0, "undecodable": 0, "resets": 0
        });
        let led = [json!({"controller": "led", "replica": "r1", "epoch": 7}), json!({"controller": "left"})];
        let shared =
            [shards("moving", json!([share("r0", 8), share("r1", 5)])), shards("outside", json!([]))];
        let cluster = json!({
            "answered_by": "r0", "store": store, "leaders": led, "shards": shared,
            "replicas": replicas.collect::<Vec<_>>()
        });
        serde_json::from_value(cluster).unwrap()
    }

    fn printed(mut table: Table) -> Vec<String> {
        let mut out = Vec::new();
        table.print(&mut out, "").unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn replicas_that_are_missing_are_named_and_those_that_are_not_heard_counted() {
        let missing = |states: &[&str]| missing(&cluster(states)).unwrap_or_default();
        assert_eq!(missing(&["alive", "alive"]), "");
        assert_eq!(missing(&["alive", "silent", "alive"]), "1 of 3 replicas is silent: r1");
        assert_eq!(missing(&["alive", "silent", "silent"]), "2 of 3 replicas are silent: r1, r2");
        assert_eq!(missing(&["alive", "unknown", "unknown"]), "2 of 3 replicas cannot be heard from here");
    }

    #[test]
    fn each_controller_names_who_runs_it_and_a_map_that_is_not_adopted_stands_out() {
        let cluster = cluster(&["alive", "alive"]);
        let style = Style { is_aligned: true, ..Style::default() };
        let mut table = Table::new(&["RUN BY", "EPOCH"], style);
        for controller in ["led", "left", "moving", "outside", "other"] {
            table.row(run_by(&cluster, controller).into());
        }
        assert_eq!(
            printed(table),
            [
                "RUN BY                       EPOCH",
                "r1                           7",
                "none known                   -",
                "2 replicas, keys are moving  8",
                "not known here               -",
                "each                         -"
            ]
        );
        assert_eq!(
            printed(shards(&cluster, style)),
            [
                "SHARED  REPLICA  SHARE  MAP           EPOCH",
                "moving  r0       50 %   8             3",
                "moving  r1       50 %   5, not yet 8  3"
            ]
        );
        assert_eq!(answering(&cluster).map(|replica| replica.name.as_str()), Some("r0"));
    }
}
