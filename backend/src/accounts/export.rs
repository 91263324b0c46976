//! The export: all that the server knows of an account, written a page of its sessions at a time.

use super::account::AccountError;
use super::store::{self, AccountSelector};
use crate::app::App;
use crate::sessions::{self, ListError};
use bytes::Bytes;
use latchkey_shared::{AccountExport, Claims, MAX_PAGE_SIZE, Page, PasswordInfo, Session};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Why an export ends before it is complete.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The next sessions cannot be read.
    #[error(transparent)]
    List(#[from] ListError),
    /// What was read cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// The parts of an export, in their order.
pub type ExportChunks = mpsc::Receiver<Result<Bytes, ExportError>>;

/// Begins it; the parts come as they are taken.
pub async fn run(app: &App, claims: Arc<Claims>) -> Result<ExportChunks, AccountError> {
    let account_part = account_part(app, &claims).await?;
    let first = sessions::list(app, &claims, MAX_PAGE_SIZE, None).await.map_err(ExportError::from)?;
    let (write, chunks) = mpsc::channel(1);
    let app = app.clone();
    tokio::spawn(async move {
        if let Err(error) = stream_sessions(&app, &claims, &account_part, first, &write).await {
            tracing::warn!(%error, account.id = %claims.sub, "Cannot complete an export");
            // Whoever asked for it may have gone away.
            let _gone = write.send(Err(error)).await;
        }
    });
    Ok(chunks)
}

/// All of it but the sessions.
async fn account_part(app: &App, claims: &Claims) -> Result<AccountExport, AccountError> {
    // Asked first: a session that is forgotten in between has told the account by then.
    let last_sign_in = sessions::last_sign_in(app, claims.sub).await?;
    let found = store::find_account(app.db.executor(), AccountSelector::Id(claims.sub))
        .await?
        .ok_or(AccountError::GONE)?;
    Ok(AccountExport {
        exported_at: app.clock.now(),
        account: found.account,
        updated_at: found.updated_at,
        signed_in_at: last_sign_in.map_or(found.signed_in_at, |last| last.max(found.signed_in_at)),
        password: PasswordInfo { algorithm: "argon2id".to_owned(), changed_at: found.password_changed_at },
        sessions: Vec::new(),
    })
}

/// What closes an export without sessions: they are the last of its members.
const END: &str = "]}";

async fn stream_sessions(
    app: &App,
    claims: &Claims,
    account_part: &AccountExport,
    first: Page<Session>,
    chunks: &mpsc::Sender<Result<Bytes, ExportError>>,
) -> Result<(), ExportError> {
    let whole = serde_json::to_string(account_part)?;
    let mut text = whole.strip_suffix(END).unwrap_or(&whole).to_owned();
    let (mut page, mut is_first) = (first, true);
    loop {
        for session in &page.items {
            text.extend((!is_first).then_some(','));
            text.push_str(&serde_json::to_string(session)?);
            is_first = false;
        }
        let Some(next) = page.next else { break };
        if chunks.send(Ok(std::mem::take(&mut text).into())).await.is_err() {
            return Ok(());
        }
        page = sessions::list(app, claims, MAX_PAGE_SIZE, Some(&next)).await?;
    }
    text.push_str(END);
    let _gone = chunks.send(Ok(text.into())).await;
    Ok(())
}

impl From<ExportError> for AccountError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::List(ListError::Store(error)) => Self::Store(error),
            error => Self::Export(error),
        }
    }
}
