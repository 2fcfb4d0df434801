//! Saved views (L4). Everybody may keep views of their own. Views that others have too are changed by whoever created them and by admins.

use std::collections::BTreeSet;

use async_trait::async_trait;
use model::{ApiError, Audience, EventBody, MOST_VIEWS, Needs, Permission, SavedView, SavedViewId, ViewChange};
use store::{
    Command, Scope, Tx,
    error::{Error, Result},
    saved_view, workspace,
};

/// How many views a workspace's members can share, together. Everybody's list has them.
const MOST_SHARED: usize = 100;
/// How many views one member can share, except admins.
const MOST_SHARED_BY_ONE: usize = 20;

/// Creates a view, or changes one.
#[derive(Debug, Clone)]
pub struct SaveView(
    /// The view. Its owner is the member who creates it, whatever it says.
    pub SavedView,
);

#[async_trait]
impl Command for SaveView {
    type Output = SavedView;
    const NEEDS: Needs = Needs::May(Permission::Read);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<SavedView> {
        let scope = tx.scope()?;
        let me = scope.person()?.clone();
        let mut view = self.0.clone().checked()?;
        let all = saved_view::all(tx.conn(), &scope).await?;
        let before = all.iter().find(|known| known.id == view.id);
        match before {
            Some(known) => {
                may_change(&scope, known)?;
                view.owner = known.owner;
            }
            None => {
                view.owner = me.member.id;
                if all.iter().filter(|known| known.owner == view.owner).count() >= MOST_VIEWS {
                    let message = format!("You can create at most {MOST_VIEWS} views. Delete one first.");
                    return Err(ApiError::invalid("name", message).into());
                }
            }
        }
        let administers = me.may(Permission::Administer);
        if view.audience != Audience::Private {
            // A view for others needs more than reading, also to change what was shared with a right that is gone.
            if !me.may(Permission::Converse) {
                return Err(ApiError::Forbidden.into());
            }
            let others = all.iter().filter(|known| known.id != view.id && known.audience != Audience::Private);
            let (own, shared) = (others.clone().filter(|known| known.owner == view.owner).count(), others.count());
            if shared >= MOST_SHARED || (own >= MOST_SHARED_BY_ONE && !administers) {
                let message = format!(
                    "One member can share at most {MOST_SHARED_BY_ONE} views, and all together {MOST_SHARED}. Keep this one for yourself, or delete another."
                );
                return Err(ApiError::invalid("audience", message).into());
            }
        }
        match view.audience {
            Audience::Team(team) => {
                let is_mine = me.access.teams.contains(&team) || administers;
                let exists = workspace::teams(tx.conn(), &scope).await?.iter().any(|known| known.id == team);
                if !is_mine || !exists {
                    return Err(ApiError::invalid("audience", "Choose one of your teams.").into());
                }
            }
            Audience::Private | Audience::Everyone => {}
        }
        if before == Some(&view) {
            return Ok(view);
        }
        match before {
            Some(_) => saved_view::save(tx, &scope, &view).await?,
            None => saved_view::insert(tx, &scope, &view).await?,
        }
        let change = ViewChange { before: before.cloned(), after: Some(view.clone()) };
        tx.emit(scope.workspace(), EventBody::View(Box::new(change)));
        Ok(view)
    }
}

/// Deletes a view.
#[derive(Debug, Clone, Copy)]
pub struct DeleteView(
    /// The view.
    pub SavedViewId,
);

#[async_trait]
impl Command for DeleteView {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Read);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let all = saved_view::all(tx.conn(), &scope).await?;
        // Whether there is none or it is hidden from them must look the same.
        let is_seen = |view: &SavedView| view.id == self.0 && scope.me().is_some_and(|me| view.is_for(&me.access));
        let Some(known) = all.into_iter().find(is_seen) else { return Ok(()) };
        may_change(&scope, &known)?;
        saved_view::delete(tx, &scope, self.0).await?;
        let change = ViewChange { before: Some(known), after: None };
        tx.emit(scope.workspace(), EventBody::View(Box::new(change)));
        Ok(())
    }
}

/// Refuses to change a view that the member does not have, or that belongs to somebody else.
fn may_change(scope: &Scope, view: &SavedView) -> Result<()> {
    let me = scope.person()?;
    if !view.is_for(&me.access) {
        return Err(Error::NOT_FOUND);
    }
    match view.owner == me.member.id || me.may(Permission::Administer) {
        true => Ok(()),
        false => Err(ApiError::Forbidden.into()),
    }
}

/// Puts the member's views into an order.
#[derive(Debug, Clone)]
pub struct OrderViews(
    /// The views in order. Views that the member does not have are ignored.
    pub Vec<SavedViewId>,
);

#[async_trait]
impl Command for OrderViews {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Read);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let me = scope.person()?.clone();
        let known: BTreeSet<SavedViewId> = saved_view::all(tx.conn(), &scope)
            .await?
            .into_iter()
            .filter(|view| view.is_for(&me.access))
            .map(|view| view.id)
            .collect();
        let mut seen = BTreeSet::new();
        let order: Vec<_> = self.0.iter().copied().filter(|id| known.contains(id) && seen.insert(*id)).collect();
        let member = me.member.id;
        if saved_view::order(tx.conn(), &scope, member).await? == order {
            return Ok(());
        }
        saved_view::set_order(tx, &scope, member, &order).await?;
        tx.emit(scope.workspace(), EventBody::ViewOrder { member, order });
        Ok(())
    }
}
