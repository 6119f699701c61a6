//! What makes finding quick: a set of bits for every value of every filter, columns of figures, and every order.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeMap, sync::Arc};

use fixedbitset::FixedBitSet;
use model::{Choice, ProviderId, Sort, Timestamp};

use super::{
    columns::{Columns, Row},
    listing::{Listed, standing_choices},
    words::Words,
};

/// All listings in slots, and what is known of each slot. Parts that do not change are shared with the index before.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    slots: Vec<Option<Arc<Listed>>>,
    /// On sale.
    active: Arc<FixedBitSet>,
    sets: BTreeMap<Choice, Arc<FixedBitSet>>,
    columns: Arc<Columns>,
    /// Slots on sale in the order of each sort, as `Sort::ALL` has them.
    orders: Vec<Arc<Vec<u32>>>,
    pub words: Arc<Words>,
    /// Slots whose hours have to be watched.
    timed: Vec<u32>,
}

/// From so many changes at once on everything is ordered anew.
const MANY: usize = 256;

fn at(slot: u32) -> usize {
    slot as usize
}

fn compare(sort: Sort, a: &Listed, b: &Listed) -> Ordering {
    a.sort_key(sort)
        .cmp(&b.sort_key(sort))
        .then_with(|| a.name.cmp(&b.name))
        .then_with(|| a.detail.service.id.cmp(&b.detail.service.id))
}

impl Index {
    pub fn build(listed: Vec<Arc<Listed>>, now: Timestamp) -> Self {
        let n = listed.len();
        let slots: Vec<Option<Arc<Listed>>> = listed.into_iter().map(Some).collect();
        let mut sets: BTreeMap<Choice, FixedBitSet> =
            standing_choices().map(|choice| (choice, FixedBitSet::with_capacity(n))).collect();
        let (mut active, mut timed) = (FixedBitSet::with_capacity(n), Vec::new());
        for (slot, listed) in (0_u32..).zip(slots.iter().flatten()) {
            if !listed.active {
                continue;
            }
            active.insert(at(slot));
            for choice in listed.choices() {
                sets.entry(choice)
                    .or_insert_with(|| FixedBitSet::with_capacity(n))
                    .insert(at(slot));
            }
            if listed.hours.is_some() {
                timed.push(slot);
            }
        }
        let on_sale = || (0_u32..).zip(slots.iter().flatten()).filter(|(_, listed)| listed.active);
        let words = Words::build(on_sale().map(|(slot, listed)| (slot, listed.tokens())));
        let mut columns = Columns::default();
        for slot in &slots {
            columns.push(slot.as_deref().map(Row::of));
        }
        let mut index = Self {
            sets: sets.into_iter().map(|(choice, set)| (choice, Arc::new(set))).collect(),
            active: Arc::new(active),
            columns: Arc::new(columns),
            orders: Vec::new(),
            words: Arc::new(words),
            timed,
            slots,
        };
        index.order();
        index.open_now(now);
        index
    }

    /// Sorts everything anew.
    fn order(&mut self) {
        let mut names: Vec<(u32, &Listed)> = (0_u32..)
            .zip(&self.slots)
            .filter_map(|(slot, listed)| Some((slot, listed.as_deref().filter(|l| l.active)?)))
            .collect();
        names.sort_by(|(_, a), (_, b)| {
            a.name.cmp(&b.name).then_with(|| a.detail.service.id.cmp(&b.detail.service.id))
        });
        self.orders = Sort::ALL
            .iter()
            .map(|sort| {
                // Equal keys keep the order of the names.
                let mut keyed: Vec<_> =
                    names.iter().map(|(slot, listed)| (listed.sort_key(*sort), *slot)).collect();
                keyed.sort_by_key(|(key, _)| *key);
                Arc::new(keyed.into_iter().map(|(_, slot)| slot).collect())
            })
            .collect();
    }

    /// Replaces, adds and removes listings: `(its slot if it has one, what it is now)`. Gives the slot of each.
    pub fn apply(
        &mut self,
        changes: Vec<(Option<u32>, Option<Arc<Listed>>)>,
        now: Timestamp,
    ) -> Vec<u32> {
        let many = changes.len() > MANY;
        let mut used = Vec::with_capacity(changes.len());
        for (slot, listed) in changes {
            let slot = slot.unwrap_or_else(|| self.add_slot());
            used.push(slot);
            let before = self.slots.get_mut(at(slot)).and_then(Option::take);
            let (was, is) =
                (before.as_deref().filter(|l| l.active), listed.as_deref().filter(|l| l.active));
            let (old_words, new_words) = (was.map(Listed::tokens), is.map(Listed::tokens));
            if old_words != new_words {
                let words = Arc::make_mut(&mut self.words);
                if let Some(tokens) = old_words {
                    words.remove(slot, &tokens);
                }
                if let Some(tokens) = new_words {
                    words.insert(slot, tokens);
                }
            }
            self.mark(slot, was, is);
            if !many {
                self.reorder(slot, was, is);
            }
            Arc::make_mut(&mut self.columns).put(at(slot), listed.as_deref().map(Row::of));
            if let Some(place) = self.slots.get_mut(at(slot)) {
                *place = listed;
            }
        }
        if many {
            self.order();
        }
        self.open_now(now);
        used
    }

    fn add_slot(&mut self) -> u32 {
        let slot = u32::try_from(self.slots.len()).unwrap_or(u32::MAX >> 3);
        self.slots.push(None);
        let n = self.slots.len();
        Arc::make_mut(&mut self.columns).push(None);
        Arc::make_mut(&mut self.active).grow(n);
        for set in self.sets.values_mut() {
            Arc::make_mut(set).grow(n);
        }
        slot
    }

    /// Moves a slot between the sets of bits.
    fn mark(&mut self, slot: u32, was: Option<&Listed>, is: Option<&Listed>) {
        let n = self.slots.len();
        Arc::make_mut(&mut self.active).set(at(slot), is.is_some());
        let (old, new) = (
            was.map(Listed::choices).unwrap_or_default(),
            is.map(Listed::choices).unwrap_or_default(),
        );
        for choice in old.iter().filter(|choice| !new.contains(choice)) {
            if let Some(set) = self.sets.get_mut(choice) {
                Arc::make_mut(set).set(at(slot), false);
            }
        }
        for choice in new.into_iter().filter(|choice| !old.contains(choice)) {
            let set =
                self.sets.entry(choice).or_insert_with(|| Arc::new(FixedBitSet::with_capacity(n)));
            Arc::make_mut(set).insert(at(slot));
        }
        self.timed.retain(|other| *other != slot);
        if is.is_some_and(|listed| listed.hours.is_some()) {
            self.timed.push(slot);
        }
    }

    /// Moves a slot to its place in every order that it has left.
    fn reorder(&mut self, slot: u32, was: Option<&Listed>, is: Option<&Listed>) {
        let slots = &self.slots;
        for (sort, order) in Sort::ALL.iter().zip(&mut self.orders) {
            if let (Some(was), Some(is)) = (was, is)
                && compare(*sort, was, is) == Ordering::Equal
            {
                continue;
            }
            let order = Arc::make_mut(order);
            if was.is_some()
                && let Some(place) = order.iter().position(|other| *other == slot)
            {
                order.remove(place);
            }
            if let Some(is) = is {
                let before = |other: &u32| {
                    let other = slots.get(at(*other)).and_then(Option::as_deref);
                    other.is_some_and(|other| compare(*sort, other, is) == Ordering::Less)
                };
                let place = order.partition_point(before);
                order.insert(place, slot);
            }
        }
    }

    /// The slots that are open at a time; none when they are those that were open before.
    pub fn open_at(&self, now: Timestamp) -> Option<FixedBitSet> {
        let mut open = FixedBitSet::clone(&self.active);
        for slot in &self.timed {
            let listed = self.slots.get(at(*slot)).and_then(Option::as_deref);
            let is_open =
                listed.and_then(|l| l.hours.as_deref()).is_none_or(|hours| hours.open_at(now));
            open.set(at(*slot), is_open && self.active.contains(at(*slot)));
        }
        let same = self.sets.get(&Choice::Now).is_some_and(|before| **before == open);
        (!same).then_some(open)
    }

    /// Notes which slots are open.
    pub fn set_open(&mut self, open: FixedBitSet) {
        self.sets.insert(Choice::Now, Arc::new(open));
    }

    fn open_now(&mut self, now: Timestamp) {
        if let Some(open) = self.open_at(now) {
            self.set_open(open);
        }
    }

    pub fn get(&self, slot: u32) -> Option<&Arc<Listed>> {
        self.slots.get(at(slot)).and_then(Option::as_ref)
    }

    /// All slots that hold something.
    pub fn all(&self) -> impl Iterator<Item = (u32, &Arc<Listed>)> {
        (0_u32..).zip(&self.slots).filter_map(|(slot, listed)| Some((slot, listed.as_ref()?)))
    }

    /// How many slots there are.
    pub const fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn active(&self) -> &FixedBitSet {
        &self.active
    }

    /// The values that have a set of bits, in their order.
    pub fn values(&self) -> impl Iterator<Item = (&Choice, &FixedBitSet)> {
        self.sets.iter().map(|(choice, set)| (choice, &**set))
    }

    /// The slots that a choice lets pass; `provider` is the one that a provider's slug names.
    pub fn set(&self, choice: &Choice, provider: Option<ProviderId>) -> Cow<'_, FixedBitSet> {
        if let Some(set) = self.sets.get(choice) {
            return Cow::Borrowed(set);
        }
        let set = self.columns.set(choice, provider);
        Cow::Owned(set.unwrap_or_else(|| FixedBitSet::with_capacity(self.len())))
    }

    /// Slots on sale in an order.
    pub fn order_of(&self, sort: Sort) -> &[u32] {
        let place = Sort::ALL.iter().position(|other| *other == sort).unwrap_or(0);
        self.orders.get(place).map_or(&[], |order| order.as_slice())
    }
}
