//! How records are split into chains when nobody says how.

use std::collections::{BTreeMap, BTreeSet};

use crate::FoundBy;
use crate::groups::{MAX_PARTS, Part};

/// Records without attack name among several names.
pub(crate) const UNNAMED: &str = "(unnamed)";

/// Records that nothing claims.
pub const UNMATCHED: &str = "(unmatched)";

/// Fewer records than this per path segment do not make segments chains: the segment may be an id.
const MIN_RECORDS_PER_SEGMENT: u64 = 10;

/// One combination of attack, host and first path segment that has records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) attack: &'a str,
    pub(crate) host: Part,
    pub(crate) segment: Part,
    pub(crate) records: u64,
}

/// Attacks whose names have one shape and whose requests went to the same hosts and to paths in common: the stages of one
/// chain.
#[derive(Debug)]
struct Family<'a> {
    attacks: BTreeSet<&'a str>,
    hosts: BTreeSet<Part>,
    segments: BTreeSet<Part>,
}

impl Family<'_> {
    /// Whether requests went to the same hosts and to some path in common, as far as that is known.
    fn is_kin_of(&self, other: &Self) -> bool {
        let is_anywhere = |parts: &BTreeSet<Part>| parts.contains(&Part::Folded);
        let hosts_agree =
            self.hosts == other.hosts || is_anywhere(&self.hosts) || is_anywhere(&other.hosts);
        let segments_agree = is_anywhere(&self.segments)
            || is_anywhere(&other.segments)
            || !self.segments.is_disjoint(&other.segments);
        hosts_agree && segments_agree
    }

    fn take(&mut self, other: Self) {
        self.attacks.extend(other.attacks);
        self.hosts.extend(other.hosts);
        self.segments.extend(other.segments);
    }
}

/// The chain of each combination, and what decided.
///
/// By attack name if there are several families of names (names that differ only in numbers and go to the same hosts and
/// to paths in common are one family: the stages of one chain); stages that are all of one chain are that chain; else by host if there are several; else by first path segment if that
/// gives a handful with enough records each; else all are one chain.
pub(crate) fn split<'a>(
    seen: &[Seen<'a>],
    host: impl Fn(u32) -> &'a str,
    segment: impl Fn(u32) -> &'a str,
) -> (FoundBy, Vec<String>) {
    let families = families(seen);
    let names = family_names(&families, |place| match place {
        (_, Part::Known(id)) if segment(id) != "/" => {
            segment(id).trim_start_matches('/').to_owned()
        }
        (Part::Known(id), _) => host(id).to_owned(),
        _ => "all".to_owned(),
    });
    if families.len() > 1 {
        let chain =
            |one: &Seen| names.get(one.attack).cloned().unwrap_or_else(|| UNNAMED.to_owned());
        return (FoundBy::Attack, seen.iter().map(chain).collect());
    }
    let hosts = distinct(seen.iter().map(|one| one.host));
    if splits(&hosts) {
        return (FoundBy::Host, seen.iter().map(|one| known(one.host, &host)).collect());
    }
    let segments = distinct(seen.iter().map(|one| one.segment));
    let with_url =
        seen.iter().filter(|one| one.segment != Part::Absent).map(|one| one.records).sum::<u64>();
    if splits(&segments) && with_url >= MIN_RECORDS_PER_SEGMENT * segments.len() as u64 {
        return (FoundBy::Path, seen.iter().map(|one| known(one.segment, &segment)).collect());
    }
    let only_host = match hosts.first() {
        Some(&Part::Known(id)) if hosts.len() == 1 => host(id),
        _ => "",
    };
    let name = names.into_values().next().unwrap_or_else(|| only_host.to_owned());
    let name = if name.is_empty() { "all".to_owned() } else { name };
    (FoundBy::Nothing, vec![name; seen.len()])
}

fn distinct(parts: impl Iterator<Item = Part>) -> BTreeSet<Part> {
    parts.filter(|&part| part != Part::Absent).collect()
}

fn splits(parts: &BTreeSet<Part>) -> bool {
    (2..=MAX_PARTS).contains(&parts.len()) && !parts.contains(&Part::Folded)
}

fn known<'a>(part: Part, text: &impl Fn(u32) -> &'a str) -> String {
    match part {
        Part::Known(id) if !text(id).is_empty() => text(id).to_owned(),
        Part::Known(_) | Part::Absent | Part::Folded => UNMATCHED.to_owned(),
    }
}

/// The families of all attacks but the unnamed, in order of the shape and then of the first name.
fn families<'a>(seen: &[Seen<'a>]) -> Vec<Family<'a>> {
    let mut by_shape: BTreeMap<String, BTreeMap<&str, Family>> = BTreeMap::new();
    for one in seen.iter().filter(|one| !one.attack.is_empty()) {
        let attacks = by_shape.entry(shape(one.attack)).or_default();
        let family = attacks.entry(one.attack).or_insert_with(|| Family {
            attacks: BTreeSet::from([one.attack]),
            hosts: BTreeSet::new(),
            segments: BTreeSet::new(),
        });
        if one.host != Part::Absent {
            family.hosts.insert(one.host);
            family.segments.insert(one.segment);
        }
    }
    let mut families = Vec::new();
    for attacks in by_shape.into_values() {
        let (nowhere, somewhere): (Vec<Family>, Vec<Family>) =
            attacks.into_values().partition(|family| family.hosts.is_empty());
        let mut joined: Vec<Family> = Vec::new();
        for mut family in somewhere {
            let (kin, others): (Vec<Family>, Vec<Family>) =
                joined.into_iter().partition(|other| other.is_kin_of(&family));
            for kin in kin {
                family.take(kin);
            }
            joined = others;
            joined.push(family);
        }
        joined.sort_by_key(|family| family.attacks.first().copied());
        // An attack of which no request has a URL goes along with the first family of its shape.
        for family in nowhere {
            match joined.first_mut() {
                Some(first) => first.take(family),
                None => joined.push(family),
            }
        }
        families.extend(joined);
    }
    families
}

/// The chain's name by attack. A family's name is what its attacks' names have in common.
fn family_names<'a>(
    families: &[Family<'a>],
    nameless: impl Fn((Part, Part)) -> String,
) -> BTreeMap<&'a str, String> {
    let mut by_family: Vec<(&BTreeSet<&str>, String)> = Vec::new();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for Family { attacks, hosts, segments } in families {
        let mut name = common_name(attacks);
        if name.is_empty() {
            let first = |parts: &BTreeSet<Part>| parts.first().copied().unwrap_or(Part::Absent);
            name = nameless((first(hosts), first(segments)));
        }
        *taken.entry(name.clone()).or_default() += 1;
        by_family.push((attacks, name));
    }
    let mut names = BTreeMap::new();
    for (attacks, name) in by_family {
        let is_ambiguous = taken.get(&name).is_some_and(|&families| families > 1);
        let name = if is_ambiguous { listed(attacks) } else { name };
        names.extend(attacks.iter().map(|&attack| (attack, name.clone())));
    }
    names
}

/// A family's name where another family would have the same: its attacks, the first few.
fn listed(attacks: &BTreeSet<&str>) -> String {
    let mut name = attacks.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    if attacks.len() > 3 {
        name.push_str(", …");
    }
    name
}

/// The name with each number as `0`, which no name without numbers has in its place.
pub(crate) fn shape(name: &str) -> String {
    pieces(name).into_iter().map(|(piece, is_number)| if is_number { "0" } else { piece }).collect()
}

/// The numbers in a name, in order.
pub(crate) fn numbers(name: &str) -> Vec<&str> {
    pieces(name).into_iter().filter(|(_, is_number)| *is_number).map(|(piece, _)| piece).collect()
}

/// What the names, all of one shape, have in common: the numbers that vary go, with the separator before them.
fn common_name(attacks: &BTreeSet<&str>) -> String {
    let split: Vec<Vec<(&str, bool)>> = attacks.iter().map(|attack| pieces(attack)).collect();
    let Some(first) = split.first() else { return String::new() };
    let mut name = String::new();
    for (index, &(piece, is_number)) in first.iter().enumerate() {
        if is_number && split.iter().any(|other| other.get(index) != Some(&(piece, true))) {
            let is_between =
                first.get(index + 1).is_some_and(|(next, _)| !next.starts_with(is_separator));
            if !is_between {
                name.truncate(name.trim_end_matches(is_separator).len());
            }
        } else {
            name.push_str(piece);
        }
    }
    if attacks.len() == 1 { name } else { name.trim_matches(is_separator).to_owned() }
}

fn is_separator(character: char) -> bool {
    "-_./@: ".contains(character)
}

/// The name cut into numbers and what is between them.
fn pieces(name: &str) -> Vec<(&str, bool)> {
    let mut pieces = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.bytes().next() {
        let is_number = first.is_ascii_digit();
        let end = rest
            .find(|character: char| character.is_ascii_digit() != is_number)
            .unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(end);
        pieces.push((piece, is_number));
        rest = tail;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTS: [&str; 3] = ["h", "node-1:80", ""];
    const SEGMENTS: [&str; 3] = ["/", "/eth", "/boba"];

    fn seen(attack: &str, host: u32, segment: u32) -> Seen<'_> {
        Seen { attack, host: Part::Known(host), segment: Part::Known(segment), records: 100 }
    }

    fn chains(seen: &[Seen]) -> (FoundBy, Vec<String>) {
        split(seen, |id| HOSTS[id as usize], |id| SEGMENTS[id as usize])
    }

    #[test]
    fn attacks_are_chains_and_stages_are_not() {
        let (by, names) = chains(&[
            seen("eth-500", 0, 1),
            seen("eth-1000", 0, 1),
            seen("boba-500", 0, 2),
            seen("", 0, 1),
        ]);
        assert_eq!(
            (by, names),
            (FoundBy::Attack, ["eth", "eth", "boba-500", "(unnamed)"].map(String::from).into())
        );
    }

    #[test]
    fn numbers_that_do_not_vary_stay() {
        let (_, names) =
            chains(&[seen("eth2-500", 0, 1), seen("eth2-1000", 0, 1), seen("boba", 0, 2)]);
        assert_eq!(names, ["eth2", "eth2", "boba"]);
        let (_, names) = chains(&[
            seen("run1 eth 500rps", 0, 1),
            seen("run1 eth 1000rps", 0, 1),
            seen("x", 0, 1),
        ]);
        assert_eq!(names, ["run1 eth rps", "run1 eth rps", "x"]);
    }

    #[test]
    fn the_same_shape_elsewhere_is_another_chain() {
        let (by, names) = chains(&[seen("node-1", 0, 1), seen("node-2", 1, 1)]);
        assert_eq!((by, names), (FoundBy::Attack, ["node-1", "node-2"].map(String::from).into()));
        let (_, names) =
            chains(&[seen("a-1", 0, 1), seen("a-2", 0, 1), seen("a-3", 1, 1), seen("a-4", 1, 1)]);
        assert_eq!(names, ["a-1, a-2", "a-1, a-2", "a-3, a-4", "a-3, a-4"]);
    }

    #[test]
    fn stages_that_missed_some_paths_are_stages() {
        let all = [seen("eth-5", 0, 1), seen("eth-500", 0, 1), seen("eth-500", 0, 2)];
        // Alone, they are as good as one attack, and the paths split them.
        assert_eq!(
            chains(&all),
            (FoundBy::Path, ["/eth", "/eth", "/boba"].map(String::from).into())
        );
        let with_other = [all[0], all[1], all[2], seen("kava", 0, 2)];
        assert_eq!(chains(&with_other).1, ["eth", "eth", "eth", "kava"]);
        // Two that have no path in common have one through a third.
        let chained = [
            seen("a-1", 0, 1),
            seen("a-2", 0, 2),
            seen("a-3", 0, 1),
            seen("a-3", 0, 2),
            seen("kava", 0, 2),
        ];
        assert_eq!(chains(&chained).1, ["a", "a", "a", "a", "kava"]);
    }

    #[test]
    fn names_of_numbers_alone() {
        let (by, names) = chains(&[seen("500", 0, 1), seen("1000", 0, 1), seen("9", 0, 2)]);
        assert_eq!((by, names), (FoundBy::Attack, ["eth", "eth", "9"].map(String::from).into()));
    }

    #[test]
    fn one_family_is_split_by_host_or_path() {
        assert_eq!(chains(&[seen("x-1", 0, 1), seen("x-1", 1, 2)]).0, FoundBy::Host);
        let (by, names) = chains(&[seen("", 0, 1), seen("", 0, 2)]);
        assert_eq!((by, names), (FoundBy::Path, ["/eth", "/boba"].map(String::from).into()));
        let few = Seen { records: 1, ..seen("", 0, 1) };
        let (by, names) = chains(&[few, Seen { segment: Part::Known(2), ..few }]);
        assert_eq!((by, names), (FoundBy::Nothing, ["h", "h"].map(String::from).into()));
    }

    #[test]
    fn one_chain_has_the_best_name_there_is() {
        assert_eq!(
            chains(&[seen("eth-500", 0, 1), seen("eth-1000", 0, 1)]),
            (FoundBy::Nothing, vec!["eth".into(); 2])
        );
        assert_eq!(chains(&[seen("eth-500", 0, 1)]).1, ["eth-500"]);
        assert_eq!(chains(&[seen("5", 0, 1), seen("6", 0, 1)]).1, ["eth", "eth"]);
        assert_eq!(chains(&[seen("", 2, 1)]).1, ["all"]);
        assert_eq!(chains(&[]), (FoundBy::Nothing, Vec::new()));
    }

    #[test]
    fn records_without_url_split_nothing() {
        let nowhere = Seen { host: Part::Absent, segment: Part::Absent, ..seen("eth-2", 0, 0) };
        assert_eq!(
            chains(&[seen("eth-1", 0, 1), nowhere]),
            (FoundBy::Nothing, vec!["eth".into(); 2])
        );
        let (by, names) = chains(&[seen("", 0, 1), seen("", 0, 2), Seen { attack: "", ..nowhere }]);
        assert_eq!(
            (by, names),
            (FoundBy::Path, ["/eth", "/boba", "(unmatched)"].map(String::from).into())
        );
    }

    #[test]
    fn too_many_to_keep_apart_split_nothing() {
        let folded = Seen { segment: Part::Folded, ..seen("", 0, 0) };
        assert_eq!(chains(&[seen("", 0, 1), folded]).0, FoundBy::Nothing);
    }
}
