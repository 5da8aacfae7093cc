//! A chat room without a server, and its mutants.

use crate::trial::Trial;
use synod::{
    algorithms::chat_serverless::{ChatServerless, Config},
    problems::chat::{Chat, Request},
};

/// Two who want one name at once.
fn race() -> Trial<Chat> {
    Trial::of(3, [1, 2].map(|user| (0, user, Request::Connect("Kim".into()))))
}

#[test]
fn of_two_who_want_one_name_at_once_one_gets_it() {
    race().survives::<ChatServerless>(
        &Config { ask: true },
        &["distinct-aliases", "aliases-settle", "admission"],
    );
}

#[test]
fn a_name_taken_without_asking_may_be_taken_twice() {
    race().kills::<ChatServerless>(&Config { ask: false }, "distinct-aliases", (4, 0));
    race().kills::<ChatServerless>(&Config { ask: false }, "aliases-settle", (4, 4));
}
