//! Ten thousand reconciles by a script, beside a shell loop that starts the same script, and by worker processes beside it.
//!
//! ```sh
//! cargo run --release --bin scripts            # 10,000 entries, 2 workers
//! cargo run --release --bin scripts -- 1000 4
//! ```
//!
//! The script reads its input and answers nothing, so what is measured is everything around it. The shell loop gives each start the same document on its standard input, one after
//! another, and by `xargs -P` as many at once as there are workers. The entries are there before the daemon starts; the clock runs from its first line until `--until-settled` says so.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use trimtab_bench::daemon::{Daemon, binary, folder};

const SCRIPT: &str = "#!/bin/sh\nread -r document\n";
const WORKER: &str = "#!/bin/sh\nwhile read -r document; do echo '{}'; done\n";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| arguments.get(at).map_or(default, |text| text.parse().expect("a number"));
    let (entries, workers) = (number(0, 10_000), number(1, 2));
    let binary = binary();
    let exec = ours(&binary, "exec", entries, workers, false);
    let lone = ours(&binary, "lone", entries, 1, false);
    let loops = shell_loop(entries);
    let parallel = xargs(entries, workers);
    let persistent = ours(&binary, "persistent", entries, workers, true);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / entries as f64;
    println!(
        "{{\"case\":\"scripts\",\"entries\":{entries},\"workers\":{workers},\"exec_us\":{:.0},\"exec_1_worker_us\":{:.0},\"shell_loop_us\":{:.0},\"xargs_us\":{:.0},\
         \"persistent_us\":{:.0},\"exec_over_xargs\":{:.2},\"exec_1_over_loop\":{:.2},\"persistent_over_exec\":{:.3}}}",
        each(exec),
        each(lone),
        each(loops),
        each(parallel),
        each(persistent),
        exec.as_secs_f64() / parallel.as_secs_f64(),
        lone.as_secs_f64() / loops.as_secs_f64(),
        persistent.as_secs_f64() / exec.as_secs_f64()
    );
}

/// How long the daemon takes from its start to settled, less what it takes with nothing to do.
fn ours(binary: &Path, name: &str, entries: usize, workers: usize, persistent: bool) -> Duration {
    let idle = "[entries]\nwatch = false\n";
    let (script, text) = if persistent { ("./worker", WORKER) } else { ("./script", SCRIPT) };
    let file = format!(
        "{idle}[[controller]]\nname = \"items\"\nkind = \"item\"\nexec = [\"{script}\"]\nworkers = {workers}\npersistent = {persistent}\n"
    );
    let folder = folder(name, &[("trimtab.toml", idle, false), (script, text, true)]);
    {
        // Filled by a daemon without controllers, and closed.
        let daemon = Daemon::start(binary, folder.clone());
        let mut client = daemon.connect();
        for page in (0..entries).collect::<Vec<_>>().chunks(50) {
            let puts: Vec<_> = page
                .iter()
                .map(|n| format!(r#"{{"put":{{"entry":{{"kind":"item","name":"i-{n:05}","spec":{{"n":{n}}}}}}}}}"#))
                .collect();
            let (status, answer) = client.ask("POST", "/v1/transactions", Some(&format!(r#"{{"operations":[{}]}}"#, puts.join(","))));
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        }
        daemon.stop();
    }
    let settled = || {
        let start = Instant::now();
        let status = Command::new(binary)
            .args(["run", "-q", "--until-settled", "--timeout", "600s"])
            .arg(&folder)
            .env("TRIMTAB_HTTP_LISTEN", "off")
            .stdout(Stdio::null())
            .status();
        assert!(status.is_ok_and(|status| status.success()), "it did not settle");
        start.elapsed()
    };
    let nothing = settled();
    std::fs::write(folder.join("trimtab.toml"), file).expect("written");
    let all = settled();
    drop(std::fs::remove_dir_all(&folder));
    all.saturating_sub(nothing)
}

fn script() -> std::path::PathBuf {
    folder("loop", &[("script", SCRIPT, true)])
}

const DOCUMENT: &str = r#"{"protocol":1,"controller":"items","request":{"kind":"item","name":"i-00001","namespace":"default","partition":"default"},"entry":{"kind":"item","name":"i-00001","spec":{"n":1},"meta":{"uid":"00000000-0000-4000-8000-000000000000","generation":1,"created":3,"modified":3,"created_at":"2026-11-22T00:00:00.000Z"}},"deleting":false,"references":[],"children":[],"attempt":1,"failures":0,"reasons":["item/i-00001 is there at 3"],"index":3,"epoch":null,"deadline_ms":30000}"#;

fn shell_loop(entries: usize) -> Duration {
    let folder = script();
    let text = format!("i=0; while [ $i -lt {entries} ]; do ./script <<'E'\n{DOCUMENT}\nE\ni=$((i+1)); done");
    let start = Instant::now();
    let status = Command::new("sh").args(["-c", &text]).current_dir(&folder).status();
    assert!(status.is_ok_and(|status| status.success()));
    let took = start.elapsed();
    drop(std::fs::remove_dir_all(&folder));
    took
}

fn xargs(entries: usize, workers: usize) -> Duration {
    let folder = script();
    // A line without an end is a failure to `read`.
    std::fs::write(folder.join("document"), format!("{DOCUMENT}\n")).expect("written");
    let start = Instant::now();
    let mut child = Command::new("xargs")
        .args(["-P", &workers.to_string(), "-I", "{}", "sh", "-c", "exec ./script < document"])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .spawn()
        .expect("xargs is there");
    let lines: String = (0..entries).map(|n| format!("{n}\n")).collect();
    child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("written");
    assert!(child.wait().is_ok_and(|status| status.success()));
    let took = start.elapsed();
    drop(std::fs::remove_dir_all(&folder));
    took
}
