//! Python: its standard library as a client, Prometheus' parser on the metrics, a validator on the description of the API.

use std::process::Command;

use crate::daemon::Daemon;
use crate::has;

/// Runs a program of Python with the daemon's address as its argument; what it asserts must hold.
fn python(daemon: &Daemon, program: &str) {
    let url = format!("http://{}", daemon.address);
    let output = Command::new("python3").args(["-c", program, &url]).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

fn with_a_controller() -> Daemon {
    let daemon = Daemon::start("[[controller]]\nname = \"ticks\"\nkind = \"tick\"\nexec = [\"true\"]\n");
    assert!(daemon.tick(1));
    daemon
}

#[test]
fn the_standard_library_declares_reads_lists_and_watches() {
    if !has("Python", &["python3", "--version"]) {
        return;
    }
    let program = r#"
import json, sys, urllib.request, urllib.error
url = sys.argv[1]
def ask(method, path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json", **headers}, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, answer.headers, json.load(answer)
status, headers, told = ask("PUT", "/v1/entries/site/blog", {"kind": "site", "name": "blog", "labels": {"tier": "web"}, "spec": {"port": 80}})
assert (status, told["outcome"]) == (201, "created"), told
etag = headers["ETag"]
watch = urllib.request.urlopen(url + "/v1/watch?kind=site", timeout=20)
lines = iter(watch)
assert any(line.startswith(b"event: end-of-snapshot") for line in lines)
status, _, told = ask("PUT", "/v1/entries/site/blog", {"kind": "site", "name": "blog", "labels": {"tier": "web"}, "spec": {"port": 81}}, **{"If-Match": etag})
assert (status, told["outcome"]) == (200, "changed"), told
changes = (json.loads(line[6:]) for line in lines if line.startswith(b'data: {"position"'))
assert any(change["new"]["spec"]["port"] == 81 for told in changes for change in told.get("changes", []))
try:
    ask("PUT", "/v1/entries/site/blog", {"kind": "site", "name": "blog", "spec": {}}, **{"If-Match": etag})
    raise SystemExit("an old ETag was taken")
except urllib.error.HTTPError as error:
    problem = json.load(error)
    assert error.code == 412 and error.headers["Content-Type"] == "application/problem+json", problem
    assert problem["type"] == "urn:trimtab:problem:precondition-failed", problem
_, headers, found = ask("GET", "/v1/entries/site?selector=tier%3Dweb")
assert [item["spec"]["port"] for item in found["items"]] == [81], found
assert headers["Trimtab-Index"] == found["position"]
assert ask("DELETE", "/v1/entries/site/blog")[2]["outcome"] == "deleted"
"#;
    python(&with_a_controller(), program);
}

#[test]
fn the_metrics_are_what_prometheus_reads() {
    if !has("the Python package prometheus-client", &["python3", "-c", "import prometheus_client.parser"]) {
        return;
    }
    let program = r#"
import sys, urllib.request
from prometheus_client.parser import text_string_to_metric_families
text = urllib.request.urlopen(sys.argv[1] + "/metrics", timeout=20).read().decode()
families = {family.name: family for family in text_string_to_metric_families(text)}
assert len(families) > 15, sorted(families)
for family in families.values():
    assert family.documentation and family.type != "unknown", family
    for sample in family.samples:
        assert "name" not in sample.labels and "key" not in sample.labels, sample
assert "trimtab_reconciles" in families and "trimtab_queue_keys" in families, sorted(families)
"#;
    python(&with_a_controller(), program);
}

#[test]
fn the_description_of_the_api_is_valid() {
    if !has("the Python package openapi-spec-validator", &["python3", "-c", "import openapi_spec_validator"])
    {
        return;
    }
    let program = r#"
import json, sys, urllib.request
from openapi_spec_validator import validate
validate(json.load(urllib.request.urlopen(sys.argv[1] + "/openapi.json", timeout=20)))
"#;
    python(&with_a_controller(), program);
}
