//! Access to a workspace: set-up, invitations, sign-in, sessions and passwords.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::{Operation, is_plain_form, port, public_port, set_cookie, told};
use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use model::Needs;
use model::{ApiError, SessionId, Timestamp};

/// Operations that set cookies or answer plain forms. They are written by hand.
#[cfg(feature = "ssr")]
pub(super) const BY_HAND: &[Operation] = &[
    Operation { name: "accept_invite", needs: Needs::Nothing },
    Operation { name: "set_up", needs: Needs::Nothing },
    Operation { name: "sign_in", needs: Needs::Nothing },
    Operation { name: "sign_out", needs: Needs::SignedIn },
    Operation { name: "change_password", needs: Needs::SignedIn },
];

/// The result of a sign-in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The `Set-Cookie` values: the session cookie, and the cookie by which the browser is recognised later.
    pub cookies: Vec<String>,
}

/// The input of the set-up page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewWorkspace {
    /// The secret of the one-time link.
    pub token: String,
    /// The workspace's name.
    pub workspace: String,
    /// The owner's name.
    pub name: String,
    /// The owner's e-mail address.
    pub email: String,
    /// The owner's password.
    pub password: String,
    /// Whether to add sample conversations. A check box sends "on".
    #[serde(default)]
    pub sample: Option<String>,
}

/// The input of a refused form without scripts, so that the page can show the input again. Passwords are not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The workspace's name.
    pub workspace: String,
    /// The member's name.
    pub name: String,
    /// The member's e-mail address.
    pub email: String,
    /// Whether the sample conversations were declined.
    pub bare: bool,
    /// Why the form was refused. It is not read from the URL, because anybody can write text into a URL.
    pub refusal: Option<ApiError>,
}

impl Typed {
    /// The input that the browser has kept since the refusal. Empty if there was no refusal.
    #[cfg(feature = "ssr")]
    pub fn before() -> Self {
        public_port().map(|port| port.typed()).unwrap_or_default()
    }
}

/// After a successful sign-in, redirects to `next`. After a refusal, sets a cookie that keeps the input.
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

/// A path inside Tandem to open after sign-in. Anything else becomes the inbox (S36).
pub fn local_path(next: &str) -> &str {
    let inside = next.starts_with('/') && !next.starts_with("//") && !next.chars().any(|c| c == '\\' || c.is_control());
    if inside { next } else { "/inbox" }
}

/// Signs in. Works as a plain form, which is answered with a redirect.
#[server(prefix = "/api/fn", endpoint = "sign_in")]
pub async fn sign_in(email: String, password: String, #[server(default)] next: String) -> Result<(), Refused> {
    let typed = Typed { email: email.clone(), ..Typed::default() };
    entered(public_port()?.sign_in(email, password).await, &typed, local_path(&next))
}

/// Creates the workspace and its owner, and signs the owner in. Works as a plain form.
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

/// Creates a member from an invitation, and signs them in. Works as a plain form.
#[server(prefix = "/api/fn", endpoint = "accept_invite")]
pub async fn accept_invite(token: String, name: String, email: String, password: String) -> Result<(), Refused> {
    let typed = Typed { name: name.clone(), email: email.clone(), ..Typed::default() };
    entered(public_port()?.accept_invite(token, name, email, password).await, &typed, "/inbox")
}

/// Ends the current session. Works as a plain form.
#[server(prefix = "/api/fn", endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), Refused> {
    let cookie = told(port()?.sign_out().await)?;
    set_cookie(&cookie);
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        // The browser's cached pages go with the session (S24), including those that "Back" would show. The page clears the storage
        // (components/frame/sign_out.js), but unsent text stays for its author.
        response.insert_header(
            axum::http::HeaderName::from_static("clear-site-data"),
            axum::http::HeaderValue::from_static("\"cache\""),
        );
    }
    leptos_axum::redirect("/sign-in");
    Ok(())
}

/// One of the member's sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// The id of the session.
    pub id: SessionId,
    /// The browser's user agent.
    pub user_agent: String,
    /// When the session began.
    pub began: Timestamp,
    /// When the session was last used, to the minute.
    pub seen: Timestamp,
    /// Whether this is the session that asks.
    pub this: bool,
}

/// Changes the member's password, gives this session a new secret and ends the member's other sessions.
#[server(prefix = "/api/fn", endpoint = "change_password", input = Json)]
pub async fn change_password(old: String, new: String) -> Result<(), Refused> {
    told(port()?.change_password(old, new).await)?.iter().for_each(|cookie| set_cookie(cookie));
    Ok(())
}

operations! {
    /// Operations on the member's own sessions.
    pub trait AccountPort {
        /// The member's sessions, the most recently used first.
        "sessions" needs Needs::SignedIn => sessions() -> Vec<SessionInfo>;
        /// Ends one of the member's sessions.
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
