use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// A bounded set of texts, numbered in order of appearance.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    limit: usize,
    ids: HashMap<Box<str>, u32, FixedState>,
    texts: Vec<Box<str>>,
}

impl Names {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, ids: HashMap::default(), texts: Vec::new() }
    }

    /// The text's number; `None` for a new text where the set is full.
    pub(crate) fn intern(&mut self, text: &str) -> Option<u32> {
        if let Some(&id) = self.ids.get(text) {
            return Some(id);
        }
        if self.texts.len() >= self.limit {
            return None;
        }
        let id = u32::try_from(self.texts.len()).ok()?;
        self.ids.insert(text.into(), id);
        self.texts.push(text.into());
        Some(id)
    }

    pub(crate) fn text(&self, id: u32) -> &str {
        self.texts.get(id as usize).map_or("", AsRef::as_ref)
    }
}
