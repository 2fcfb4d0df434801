//! A member's own sessions and password.

use app::api::{
    account::{AccountPort, SessionInfo},
    port::Port,
};
use async_trait::async_trait;
use domain::sessions::{ChangePassword, EndSession};
use model::{ApiError, AuditEvent, SessionId};
use store::{
    clock::{new_secret, secret_hash},
    session, workspace,
};

use super::{Answer, ForClient, MemberPort};
use crate::auth::Account;

#[async_trait]
impl AccountPort for MemberPort {
    async fn sessions(&self) -> Answer<Vec<SessionInfo>> {
        let listed = async {
            let mut snapshot = self.http.db.snapshot().await?;
            Ok(session::list(&mut snapshot.conn(), &self.signed.session.scope, self.http.db.clock().now()).await?)
        };
        let this = self.signed.session.id;
        let sessions = listed.await.for_client()?.into_iter();
        Ok(sessions
            .map(|(id, user_agent, began, seen)| SessionInfo { id, user_agent, began, seen, this: id == this })
            .collect())
    }

    async fn end_session(&self, id: SessionId) -> Answer<()> {
        self.write(EndSession(id)).await
    }
}

#[async_trait]
impl Port for MemberPort {
    async fn sign_out(&self) -> Answer<String> {
        self.write(EndSession(self.signed.session.id)).await?;
        Ok(self.http.cookies().clear())
    }

    async fn change_password(&self, old: String, new: String) -> Answer<Vec<String>> {
        let scope = &self.signed.session.scope;
        let bucket = format!("password:{}", scope.who());
        super::allow(&self.http, vec![(bucket, 10)]).await.for_client()?;
        let known = async {
            let mut snapshot = self.http.db.snapshot().await?;
            let conn = &mut snapshot.conn();
            Ok((session::password(conn, scope).await?, workspace::load(conn, scope).await?.workspace.name))
        };
        let (hash, name_of_workspace) = known.await.for_client()?;
        if !self.http.passwords.verify(&old, hash).await.for_client()? {
            self.note_refusal(AuditEvent::PasswordRefused, "change_password").await;
            return Err(ApiError::invalid("old", "This is not your current password."));
        }
        let me = &scope.person().for_client()?.member;
        let hash =
            self.http.passwords.hash(&new, &[&name_of_workspace, &me.name, &me.email]).await.for_client().map_err(
                |error| match error {
                    ApiError::Invalid { message, .. } => ApiError::invalid("new", message),
                    other => other,
                },
            )?;
        let secret = new_secret();
        let token_hash = secret_hash(&secret);
        let (cookies, now) = (self.http.cookies(), self.http.db.clock().now());
        // A known browser is tied to the password. This one stays known with the new password (S54).
        let account = Account { key: &workspace::email_key(&me.email), password_hash: &hash };
        let known = self.known.renewed(&self.http.vault, cookies, account, now);
        self.write(ChangePassword { hash, keep: self.signed.session.id, token_hash }).await?;
        Ok(vec![cookies.set(&secret), known])
    }
}
