//! Account export: all data about an account, streamed one page of its sessions at a time.

use super::error::SelfServiceError;
use super::service::SelfService;
use crate::accounts::{self, AccountSelector};
use crate::authentication;
use crate::sessions::{self, ListError};
use bytes::Bytes;
use latchkey_shared::{AccountExport, Claims, MAX_PAGE_SIZE, Page, PasswordInfo, Session};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Error that ends an export before it is complete.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The next page of sessions cannot be read.
    #[error(transparent)]
    List(#[from] ListError),
    /// The data cannot be serialized as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Chunks of an export, in order.
pub type ExportChunks = mpsc::Receiver<Result<Bytes, ExportError>>;

/// Starts an export. Its chunks are produced as the receiver takes them.
pub async fn run(service: &SelfService, claims: Arc<Claims>) -> Result<ExportChunks, SelfServiceError> {
    let account_part = account_part(service, &claims).await?;
    let first =
        sessions::list(&service.sessions, &claims, MAX_PAGE_SIZE, None).await.map_err(ExportError::from)?;
    let (write, chunks) = mpsc::channel(1);
    let service = service.clone();
    tokio::spawn(async move {
        if let Err(error) = stream_sessions(&service, &claims, &account_part, first, &write).await {
            tracing::warn!(%error, account.id = %claims.sub, "Cannot complete an export");
            // The client may have disconnected.
            let _gone = write.send(Err(error)).await;
        }
    });
    Ok(chunks)
}

/// Returns the export without the sessions.
async fn account_part(service: &SelfService, claims: &Claims) -> Result<AccountExport, SelfServiceError> {
    // Read first: before a session is deleted in between, its sign-in time is written to the account, which is read
    // next.
    let last_sign_in = sessions::last_sign_in(&service.sessions, claims.sub).await?;
    let found = accounts::find_account(service.sessions.db.executor(), AccountSelector::Id(claims.sub))
        .await?
        .ok_or(SelfServiceError::GONE)?;
    let password = authentication::find_password(service.sessions.db.executor(), claims.sub).await?;
    let password = password.ok_or(SelfServiceError::GONE)?;
    Ok(AccountExport {
        exported_at: service.sessions.clock.now(),
        account: found.account,
        updated_at: found.updated_at,
        signed_in_at: last_sign_in.map_or(found.signed_in_at, |last| last.max(found.signed_in_at)),
        password: PasswordInfo { algorithm: "argon2id".to_owned(), changed_at: password.changed_at },
        sessions: Vec::new(),
    })
}

/// End of a serialized export without sessions, which are its last member.
const END: &str = "]}";

async fn stream_sessions(
    service: &SelfService,
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
        page = sessions::list(&service.sessions, claims, MAX_PAGE_SIZE, Some(&next)).await?;
    }
    text.push_str(END);
    let _gone = chunks.send(Ok(text.into())).await;
    Ok(())
}

impl From<ExportError> for SelfServiceError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::List(ListError::Store(error)) => Self::Store(error),
            error => Self::Export(error),
        }
    }
}
