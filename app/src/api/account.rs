//! Getting in and out: set-up, invitations, sign-in, sessions, password.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::{Operation, is_plain_form, port, public_port, set_cookie, told};
use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use model::Needs;
use model::{ApiError, SessionId, Timestamp};

/// Operations that set cookies or answer forms. They are written by hand.
#[cfg(feature = "ssr")]
pub(super) const BY_HAND: &[Operation] = &[
    Operation { name: "accept_invite", needs: Needs::Nothing },
    Operation { name: "set_up", needs: Needs::Nothing },
    Operation { name: "sign_in", needs: Needs::Nothing },
    Operation { name: "sign_out", needs: Needs::SignedIn },
    Operation { name: "change_password", needs: Needs::SignedIn },
];

/// What a sign-in leaves behind.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The `Set-Cookie` values: the session's, and the one by which the browser is known later.
    pub cookies: Vec<String>,
}

/// What the set-up page asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewWorkspace {
    /// The secret of the one-time link.
    pub token: String,
    /// The workspace's name.
    pub workspace: String,
    /// The owner's name.
    pub name: String,
    /// The owner's address.
    pub email: String,
    /// The owner's password.
    pub password: String,
    /// Whether to fill it with sample conversations; a check box sends "on".
    #[serde(default)]
    pub sample: Option<String>,
}

/// What was typed into a form without scripts, for the page that shows it again after a refusal. Passwords are typed again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The workspace's name.
    pub workspace: String,
    /// The member's name.
    pub name: String,
    /// The member's address.
    pub email: String,
    /// Whether the sample conversations were declined.
    pub bare: bool,
    /// Why the form was refused. What stands in a page's address may be anybody's text and is never shown as ours.
    pub refusal: Option<ApiError>,
}

impl Typed {
    /// As kept by the browser since the refusal; empty when there was none.
    #[cfg(feature = "ssr")]
    pub fn before() -> Self {
        public_port().map(|port| port.typed()).unwrap_or_default()
    }
}

/// Lets whoever was let in go on at `next`; lets the browser keep what they typed if they were not.
#[cfg(feature = "ssr")]
fn entered(entry: Result<SignedIn, ApiError>, typed: &Typed, next: &str) -> Result<(), Refused> {
    if is_plain_form() {
        let refused = entry.as_ref().err().map(|refusal| Typed { refusal: Some(refusal.clone()), ..typed.clone() });
        set_cookie(&public_port()?.keep_typed(refused.as_ref()));
    }
    let signed_in = told(entry)?;
    signed_in.cookies.iter().for_each(|cookie| set_cookie(cookie));
    leptos_axum::redirect(next);
    Ok(())
}

/// A place inside Tandem to go to after signing in; anything else leads to the inbox (S36).
pub fn local_path(next: &str) -> &str {
    let inside = next.starts_with('/') && !next.starts_with("//") && !next.chars().any(|c| c == '\\' || c.is_control());
    if inside { next } else { "/inbox" }
}

/// Signs in. Works as a plain form: the answer is a redirect.
#[server(prefix = "/api/fn", endpoint = "sign_in")]
pub async fn sign_in(email: String, password: String, #[server(default)] next: String) -> Result<(), Refused> {
    let typed = Typed { email: email.clone(), ..Typed::default() };
    entered(public_port()?.sign_in(email, password).await, &typed, local_path(&next))
}

/// Makes the workspace and its owner, and signs the owner in. Works as a plain form.
#[server(prefix = "/api/fn", endpoint = "set_up")]
pub async fn set_up(new: NewWorkspace) -> Result<(), Refused> {
    let typed = Typed {
        workspace: new.workspace.clone(),
        name: new.name.clone(),
        email: new.email.clone(),
        bare: new.sample.is_none(),
        refusal: None,
    };
    entered(public_port()?.set_up(new).await, &typed, "/inbox")
}

/// Makes a member out of an invitation, and signs them in. Works as a plain form.
#[server(prefix = "/api/fn", endpoint = "accept_invite")]
pub async fn accept_invite(token: String, name: String, email: String, password: String) -> Result<(), Refused> {
    let typed = Typed { name: name.clone(), email: email.clone(), ..Typed::default() };
    entered(public_port()?.accept_invite(token, name, email, password).await, &typed, "/inbox")
}

/// Ends this session. Works as a plain form.
#[server(prefix = "/api/fn", endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), Refused> {
    let cookie = told(port()?.sign_out().await)?;
    set_cookie(&cookie);
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        // What the browser keeps of pages goes with the session (S24), also what "Back" would show. Its storage is cleared by the page
        // (components/frame/sign_out.js): what was written and not sent stays, for whoever wrote it.
        response.insert_header(
            axum::http::HeaderName::from_static("clear-site-data"),
            axum::http::HeaderValue::from_static("\"cache\""),
        );
    }
    leptos_axum::redirect("/sign-in");
    Ok(())
}

/// One of my sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Which one.
    pub id: SessionId,
    /// What the browser calls itself.
    pub user_agent: String,
    /// When it began.
    pub began: Timestamp,
    /// When it was last used, to the minute.
    pub seen: Timestamp,
    /// Whether it is the one that asks.
    pub this: bool,
}

/// Changes my password, gives this session a new secret and ends my other sessions.
#[server(prefix = "/api/fn", endpoint = "change_password", input = Json)]
pub async fn change_password(old: String, new: String) -> Result<(), Refused> {
    told(port()?.change_password(old, new).await)?.iter().for_each(|cookie| set_cookie(cookie));
    Ok(())
}

operations! {
    /// My sessions.
    pub trait AccountPort {
        /// My sessions, the last used first.
        "sessions" needs Needs::SignedIn => sessions() -> Vec<SessionInfo>;
        /// Ends one of my sessions.
        "end_session" needs Needs::SignedIn => end_session(id: SessionId) -> ();
    }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn s36_only_local_paths() {
        assert_eq!(local_path("/inbox/1?view=all"), "/inbox/1?view=all");
        for bad in ["//evil", "https:evil", "/\\evil", "\\\\evil", "", "evil", "/a\nb", "javascript:x()"] {
            assert_eq!(local_path(bad), "/inbox", "{bad:?}");
        }
    }
}
