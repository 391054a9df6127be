//! Every target over its corpus, and over 100,000 seeded mutations of it.

use std::path::{Path, PathBuf};

use trimtab_fuzz_harness::TARGETS;

const CASES: u32 = 100_000;

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(name);
    let listed = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = listed.map(|file| file.expect("readable").path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).expect("readable"))).collect()
}

/// A small generator: the same cases again on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let end = u64::try_from(end.max(1)).expect("a length");
        usize::try_from(self.0 % end).expect("below a length")
    }

    /// One to four changes: a byte set, taken out or put in, a piece of another file, a cut.
    fn mutated(&mut self, files: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = files[self.below(files.len())].1.clone();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let byte = u8::try_from(self.below(256)).expect("a byte");
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] = byte,
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.truncate(at),
                3 => {
                    let other = &files[self.below(files.len())].1;
                    let from = self.below(other.len());
                    bytes.splice(at..at, other[from..].iter().copied().take(64));
                }
                _ => bytes.insert(at, byte),
            }
        }
        bytes
    }
}

fn run(name: &str) {
    let (_, target) = *TARGETS.iter().find(|(of, _)| *of == name).expect("a target of this name");
    let files = corpus(name);
    assert!(files.len() >= 12, "{name}: a corpus has a dozen files at least, not {}", files.len());
    for (path, bytes) in &files {
        eprintln!("{}", path.display());
        target(bytes);
    }
    let mut dice = Dice(0x5EED_0F7A_B000_0001);
    for _ in 0..CASES {
        target(&dice.mutated(&files));
    }
}

/// A test for each target: they run side by side, and a failure names its own.
macro_rules! tests {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            run($name);
        })*

        #[test]
        fn every_target_has_a_test() {
            assert_eq!(TARGETS.map(|(name, _)| name), [$($name),*]);
        }
    };
}

tests! {
    config_holds_over_its_corpus_and_its_mutations: "config",
    exec_output_holds_over_its_corpus_and_its_mutations: "exec_output",
    http_body_holds_over_its_corpus_and_its_mutations: "http_body",
    http_query_holds_over_its_corpus_and_its_mutations: "http_query",
    json_pointer_holds_over_its_corpus_and_its_mutations: "json_pointer",
    selector_holds_over_its_corpus_and_its_mutations: "selector",
    yaml_holds_over_its_corpus_and_its_mutations: "yaml",
}
