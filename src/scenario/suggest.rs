//! "Did you mean": the nearest of the valid names, and the words other tools use for ours.

/// What other tools, or tired people, call it, and what it is called here.
const ALIASES: &[(&str, &str)] = &[
    ("algo", "algorithm"),
    ("protocol", "algorithm"),
    ("assert", "expect"),
    ("bandwidth", "rate"),
    ("checks", "check"),
    ("properties", "check"),
    ("clique", "complete"),
    ("comment", "note"),
    ("corruption", "corrupt"),
    ("description", "about"),
    ("drop", "loss"),
    ("duration", "for"),
    ("duration", "until"),
    ("end", "until"),
    ("fail", "violated"),
    ("fails", "violated"),
    ("false", "violated"),
    ("full", "complete"),
    ("gaussian", "normal"),
    ("input", "request"),
    ("interval", "every"),
    ("invoke", "request"),
    ("isolate", "partition"),
    ("kill", "crash"),
    ("latency", "delay"),
    ("members", "nodes"),
    ("mesh", "complete"),
    ("nemesis", "events"),
    ("ok", "holds"),
    ("operation", "request"),
    ("params", "config"),
    ("pass", "holds"),
    ("passes", "holds"),
    ("peers", "nodes"),
    ("period", "every"),
    ("probability", "p"),
    ("processes", "nodes"),
    ("queue", "limit"),
    ("recover", "restart"),
    ("repeat", "times"),
    ("send", "request"),
    ("servers", "nodes"),
    ("settings", "config"),
    ("skew", "offset"),
    ("start", "restart"),
    ("stop", "crash"),
    ("time", "at"),
    ("timeline", "events"),
    ("timeout", "until"),
    ("title", "name"),
    ("true", "holds"),
    ("when", "at"),
];

/// Which of `candidates` was meant by `written`, if one is near enough.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let plain = plain(written);
    let alias = ALIASES.iter().filter(|(alias, _)| *alias == plain);
    if let Some(meant) = alias.flat_map(|(_, ours)| candidates.iter().find(|name| *name == ours)).next() {
        return Some(meant);
    }
    let near = |alias: &str| plain.len() > 3 && strsim::damerau_levenshtein(&plain, alias) <= 1;
    let alias = ALIASES.iter().filter(|(alias, _)| near(alias));
    let alias = alias.flat_map(|(_, ours)| candidates.iter().find(|name| *name == ours).copied()).next();
    let best = candidates
        .into_iter()
        .filter_map(|name| {
            let distance = strsim::damerau_levenshtein(&plain, &self::plain(name));
            let likeness = strsim::jaro_winkler(&plain, &self::plain(name));
            let near = distance <= (plain.chars().count().max(name.chars().count()) / 3).max(1)
                && distance < name.chars().count()
                || likeness > 0.9;
            near.then_some((distance, name))
        })
        .min_by_key(|(distance, _)| *distance);
    best.map(|(_, name)| name).or(alias)
}

/// A name as it is compared: small letters, `-` between words.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['_', ' '], "-")
}

/// The names for a sentence: `a, b and c`, at most a dozen.
pub(super) fn enumerate<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.as_slice() {
        [] => "none".into(),
        [one] => (*one).into(),
        many if many.len() > 24 => format!("{} and {} more", many[..12].join(", "), many.len() - 12),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
