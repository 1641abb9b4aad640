use foldhash::fast::FixedState;
use hashbrown::HashMap;
use plimsoll_model::{CodeSet, InputId, Nanos, Secrets, Target};

use crate::names::{Names, short_name};
use crate::tally::Acceptance;
use crate::{ChainRule, ChainsBy, GroupBy, Options, found, url};

/// The most groups that are kept apart where they are not configured.
pub(crate) const MAX_GROUPS: usize = 100;

/// The most hosts, and the most first path segments, that records are split by without being asked.
pub(crate) const MAX_PARTS: usize = 32;

/// The most attack names that are told apart.
const MAX_ATTACKS: usize = 1_000;

/// The most combinations of attack, host and segment, ...
const MAX_COMBINATIONS: usize = 160;

/// ... and with attacks for whose combinations there was no room.
const MAX_FOUND: usize = 200;

/// The finest set of records that chains are made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Group {
    /// What records are split by when nobody says how.
    Found { attack: u32, host: Part, segment: Part },
    /// Records with this name, by the attribute that was asked for.
    Named(Box<str>),
    /// Records that this rule claims.
    Rule(usize),
    /// Records that nothing claims.
    Unmatched,
    /// Records for whose group there was no room.
    Other,
}

/// A host or a path segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Its number.
    Known(u32),
    /// The record has no URL.
    Absent,
    /// There are too many to keep them apart.
    Folded,
}

/// The groups so far, numbered.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    by: ChainsBy,
    codes: CodeSet,
    good_within: Nanos,
    secrets: Secrets,
    attacks: Names,
    hosts: Names,
    segments: Names,
    /// The first attack of each shape of name with this host and segment.
    stages: HashMap<(String, Part, Part), u32, FixedState>,
    all: Vec<Group>,
    index: HashMap<Group, u32, FixedState>,
}

impl Groups {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            by: options.chains.clone(),
            codes: options.success_codes.clone(),
            good_within: options.slo.and_then(|slo| slo.latency).unwrap_or(Nanos(u64::MAX)),
            secrets: options.secrets,
            attacks: Names::new(MAX_ATTACKS),
            hosts: Names::new(MAX_PARTS),
            segments: Names::new(MAX_PARTS),
            stages: HashMap::default(),
            all: Vec::new(),
            index: HashMap::default(),
        }
    }

    /// The group of requests to `target` in an input of this name.
    pub(crate) fn resolve(&mut self, target: &Target, input: InputId, input_name: &str) -> u32 {
        let group = match &self.by {
            ChainsBy::Found => self.found(target),
            ChainsBy::Asked(by) => asked(*by, target, input, input_name, self.secrets),
            ChainsBy::Configured(rules) => rules
                .iter()
                .position(|rule| rule.matches.matches(target, input_name))
                .map_or(Group::Unmatched, Group::Rule),
        };
        self.number(group)
    }

    /// What the group's records are judged by.
    pub(crate) fn acceptance(&self, group: u32) -> Acceptance {
        let rule = match (&self.by, self.all.get(group as usize)) {
            (ChainsBy::Configured(rules), Some(Group::Rule(rule))) => rules.get(*rule),
            _ => None,
        };
        let own = rule.and_then(|rule| rule.success_codes.as_ref());
        Acceptance { codes: own.unwrap_or(&self.codes).clone(), good_within: self.good_within }
    }

    pub(crate) fn get(&self, group: u32) -> &Group {
        self.all.get(group as usize).unwrap_or(&Group::Other)
    }

    pub(crate) fn rules(&self) -> &[ChainRule] {
        match &self.by {
            ChainsBy::Configured(rules) => rules,
            ChainsBy::Found | ChainsBy::Asked(_) => &[],
        }
    }

    pub(crate) fn by(&self) -> &ChainsBy {
        &self.by
    }

    pub(crate) fn attack(&self, id: u32) -> &str {
        self.attacks.text(id)
    }

    pub(crate) fn host(&self, id: u32) -> &str {
        self.hosts.text(id)
    }

    pub(crate) fn segment(&self, id: u32) -> &str {
        self.segments.text(id)
    }

    fn found(&mut self, target: &Target) -> Group {
        let Some(attack) = self.attacks.intern(&short_name(&target.attack)) else {
            return Group::Other;
        };
        let url = self.secrets.in_url(&target.url);
        let (mut host, mut segment) = (Part::Absent, Part::Absent);
        if let Some(parts) = url::parts(&url) {
            host = self
                .hosts
                .intern(&short_name(&parts.host.to_ascii_lowercase()))
                .map_or(Part::Folded, Part::Known);
            let first = url::first_segments(parts.path, 1);
            segment = self.segments.intern(&short_name(first)).map_or(Part::Folded, Part::Known);
        }
        let group = Group::Found { attack, host, segment };
        if self.index.contains_key(&group) {
            return group;
        }
        let stage = (found::shape(self.attacks.text(attack)), host, segment);
        if self.all.len() < MAX_COMBINATIONS {
            self.stages.entry(stage).or_insert(attack);
            return group;
        }
        // Where a chain's stages are many, they are counted together.
        if let Some(&attack) = self.stages.get(&stage) {
            return Group::Found { attack, host, segment };
        }
        let group = Group::Found { attack, host: Part::Folded, segment: Part::Folded };
        if self.all.len() < MAX_FOUND || self.index.contains_key(&group) {
            group
        } else {
            Group::Other
        }
    }

    fn number(&mut self, group: Group) -> u32 {
        if let Some(&number) = self.index.get(&group) {
            return number;
        }
        let named = self.all.iter().filter(|group| matches!(group, Group::Named(_))).count();
        if matches!(group, Group::Named(_)) && named >= MAX_GROUPS {
            return self.number(Group::Other);
        }
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.index.insert(group.clone(), number);
        self.all.push(group);
        number
    }
}

fn asked(
    by: GroupBy,
    target: &Target,
    input: InputId,
    input_name: &str,
    secrets: Secrets,
) -> Group {
    let url = secrets.in_url(&target.url);
    let parts = url::parts(&url);
    let name = match by {
        GroupBy::Attack => secrets.in_text(&target.attack).into_owned(),
        GroupBy::Host => parts.map(|parts| parts.host.to_ascii_lowercase()).unwrap_or_default(),
        GroupBy::Path(count) => {
            parts.map(|parts| url::first_segments(parts.path, count).to_owned()).unwrap_or_default()
        }
        GroupBy::Url => url.split(['?', '#']).next().unwrap_or_default().to_owned(),
        GroupBy::File if input_name.is_empty() => format!("input {}", input.0),
        GroupBy::File => input_name.to_owned(),
        GroupBy::Method => target.method.to_ascii_uppercase(),
    };
    if name.is_empty() { Group::Unmatched } else { Group::Named((*short_name(&name)).into()) }
}
