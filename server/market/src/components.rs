//! What of an offering is counted and billed: components and what may be ordered of them.

use std::collections::BTreeMap;

use model::{Billing, ComponentId, LimitPeriod, OfferingId, PlanComponentId};
use store::{Tx, components::Component};

use crate::{Core, Error, Result, plain::plain};

/// How many components an offering may have.
pub(crate) const MOST_COMPONENTS: usize = 100;
/// The most of a component that can be ordered.
const MOST_LIMIT: i64 = 1_000_000_000_000;

/// What is said of a component.
#[derive(Debug, Clone, Default)]
pub struct ComponentDraft {
    pub kind: String,
    pub name: String,
    pub description: String,
    pub measured_unit: String,
    pub article_code: String,
    pub billing: Option<Billing>,
    pub limit_period: Option<LimitPeriod>,
    pub limit_amount: Option<i64>,
    pub least: Option<i64>,
    pub most: Option<i64>,
    pub usual: Option<i64>,
    pub is_boolean: bool,
}

impl ComponentDraft {
    /// The component that it describes, checked.
    pub(crate) fn read(
        &self,
        id: ComponentId,
        offering: OfferingId,
        position: i64,
    ) -> Result<Component> {
        let sound = self.kind.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        if !sound || !(1..=50).contains(&self.kind.len()) {
            return Err(Error::field(
                "type",
                "Enter a name of letters, digits, hyphens and underscores.",
            ));
        }
        let billing =
            self.billing.ok_or_else(|| Error::field("billing_type", "This field is required."))?;
        if let (Some(least), Some(most)) = (self.least, self.most)
            && least > most
        {
            return Err(Error::field("max_value", "Ensure that this is not below min_value."));
        }
        let bounded = [self.least, self.most, self.usual, self.limit_amount].into_iter().flatten();
        if bounded.into_iter().any(|n| !(0..=MOST_LIMIT).contains(&n)) {
            return Err(Error::field("max_value", "Ensure that amounts are between 0 and 10^12."));
        }
        Ok(Component {
            id,
            offering,
            kind: self.kind.clone(),
            name: plain("name", &self.name, 1, 150)?,
            description: plain("description", &self.description, 0, 500)?,
            measured_unit: plain("measured_unit", &self.measured_unit, 0, 30)?,
            article_code: plain("article_code", &self.article_code, 0, 30)?,
            billing,
            limit_period: self.limit_period,
            limit_amount: self.limit_amount,
            least: self.least,
            most: self.most,
            usual: self.usual,
            is_boolean: self.is_boolean,
            position,
        })
    }
}

/// Adds components to an offering and to all its plans.
pub(crate) async fn add(
    core: &Core,
    tx: &mut Tx,
    offering: OfferingId,
    drafts: &[ComponentDraft],
) -> Result<()> {
    let had = store::components::of_offering(&mut *tx, offering).await?;
    if had.len() + drafts.len() > MOST_COMPONENTS {
        return Err(Error::field("components", "An offering has at most 100 components."));
    }
    let plans = crate::plans::ids_of(&mut *tx, offering).await?;
    let after = had.iter().map(|c| c.position + 1).max().unwrap_or(0);
    for (position, draft) in (after..).zip(drafts) {
        let component = draft.read(core.id(ComponentId::new), offering, position)?;
        match store::components::insert(&mut *tx, &component).await {
            Err(store::Error::Conflict) => {
                return Err(Error::field("type", "A component of this type exists already."));
            }
            other => other?,
        }
        for plan in &plans {
            let id = core.id(PlanComponentId::new);
            store::components::insert_plan_component(&mut *tx, id, *plan, component.id, 0).await?;
        }
    }
    Ok(())
}

/// Checks what is ordered against what may be: each name is a component that is billed by a limit, each amount within
/// its bounds; what is left out is the usual.
pub(crate) fn checked_limits(
    components: &[Component],
    limits: &BTreeMap<String, i64>,
) -> Result<BTreeMap<String, i64>> {
    let fault = |message: String| Err(Error::field("limits", message));
    let ordered = |c: &&Component| c.billing == Billing::Limit;
    let unknown: Vec<&str> = limits
        .keys()
        .filter(|name| !components.iter().filter(ordered).any(|c| c.kind == **name))
        .map(String::as_str)
        .collect();
    if let Some(first) = unknown.first() {
        let shown: String = first.chars().take(50).collect();
        return fault(format!("These components are invalid: {shown}."));
    }
    let mut checked = BTreeMap::new();
    for component in components.iter().filter(ordered) {
        let amount = match limits.get(&component.kind) {
            Some(amount) => *amount,
            None => match component.usual.or(component.least) {
                Some(usual) => usual,
                None => continue,
            },
        };
        let name = &component.name;
        if amount < component.least.unwrap_or(0).max(0) {
            let least = component.least.unwrap_or(0);
            return fault(format!("The limit of {name} must not be below {least}."));
        }
        let most = component.most.unwrap_or(MOST_LIMIT).min(MOST_LIMIT);
        if amount > most {
            return fault(format!("The limit of {name} must not be above {most}."));
        }
        if component.is_boolean && amount > 1 {
            return fault(format!("The limit of {name} must be 0 or 1."));
        }
        checked.insert(component.kind.clone(), amount);
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(kind: &str, billing: Billing, least: Option<i64>, most: Option<i64>) -> Component {
        let draft = ComponentDraft {
            kind: kind.to_owned(),
            name: kind.to_owned(),
            billing: Some(billing),
            least,
            most,
            ..ComponentDraft::default()
        };
        let (id, offering) = (ComponentId::new(1, [1; 10]), OfferingId::new(1, [1; 10]));
        draft.read(id, offering, 0).unwrap()
    }

    #[test]
    fn only_limits_within_bounds_are_ordered() {
        let all = [
            component("cpu", Billing::Limit, Some(2), Some(8)),
            component("ram", Billing::Limit, None, None),
            component("calls", Billing::Usage, None, None),
        ];
        let of = |pairs: &[(&str, i64)]| {
            let limits = pairs.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
            checked_limits(&all, &limits)
        };
        assert_eq!(of(&[]).unwrap(), BTreeMap::from([("cpu".to_owned(), 2)]));
        assert_eq!(of(&[("cpu", 8), ("ram", 1)]).unwrap().len(), 2);
        for wrong in
            [("cpu", 1), ("cpu", 9), ("ram", -1), ("ram", i64::MAX), ("calls", 1), ("x", 1)]
        {
            assert!(of(&[wrong]).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_component_is_named_for_programs() {
        for kind in ["", "a b", "x'y", &"x".repeat(51)] {
            let draft = ComponentDraft {
                kind: kind.to_owned(),
                name: "n".to_owned(),
                billing: Some(Billing::Usage),
                ..ComponentDraft::default()
            };
            let (id, offering) = (ComponentId::new(1, [1; 10]), OfferingId::new(1, [1; 10]));
            assert!(draft.read(id, offering, 0).is_err(), "{kind}");
        }
    }
}
