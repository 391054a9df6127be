//! One job in four languages, over every carrier, and one list of cases for all of them.
//!
//! A protocol that is only tested with shell scripts fits shell scripts. So each folder of `examples/` that writes configurations of sites is run as an operator runs it, on a copy, and
//! must do to the byte what the others do:
//!
//! | folder | language | carrier |
//! |---|---|---|
//! | `sites` | sh and awk | a process for each run |
//! | `python` | Python | worker processes that live on |
//! | `node` | Node | a webhook |
//! | `go` | Go | a process for each run |
//!
//! An interpreter that is not on this machine is told loudly; where the variable CI is set, that is a failure.

mod cases;
mod language;
#[path = "../stage/mod.rs"]
#[expect(dead_code, reason = "the stage has more than is needed here")]
mod stage;

/// The cases, for one language.
macro_rules! cases {
    ($language:ident: $($case:ident),* $(,)?) => {
        mod $language {
            use crate::{cases, language::{$language as language, Scene}};
            $(
                #[tokio::test]
                async fn $case() {
                    if let Some(scene) = Scene::of(&language()).await {
                        cases::$case(&scene).await;
                    }
                }
            )*
        }
    };
}

/// The languages; each has every case.
macro_rules! languages {
    ($($language:ident)*) => { $(
        cases! { $language:
            sites_become_configurations_and_a_second_run_changes_nothing,
            a_changed_site_is_written_anew,
            a_changed_certificate_rewrites_the_sites_that_name_it,
            a_certificate_that_comes_later_is_no_failure,
            an_invalid_site_is_refused_once_and_mended_when_it_changes,
            a_failure_is_tried_again_until_it_is_mended,
            a_deleted_site_goes_when_its_configuration_is_gone,
            what_changed_while_the_daemon_was_killed_is_made_so_by_the_next,
        }
    )* };
}

languages! { sh python node go }
