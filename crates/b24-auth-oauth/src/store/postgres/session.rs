//! One connection, and making it anew.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{task::AbortHandle, time::timeout};
use tokio_postgres::{
    Client, Row,
    config::SslMode,
    tls::{MakeTlsConnect, NoTls, TlsConnect},
    types::{ToSql, Type},
};

use super::{settings::Settings, tls::Tls, trouble::Trouble};
use crate::store::StoreError;

/// A value of a statement, and its type: told, a statement needs one round trip and leaves nothing on the server.
pub(super) type Value<'a> = (Place<'a>, Type);

/// Where a value stands.
pub(super) type Place<'a> = &'a (dyn ToSql + Sync);

/// A value that is a text.
pub(super) fn text<'a>(value: &'a &str) -> Value<'a> {
    (value, Type::TEXT)
}

/// What every connection is told first. The server ends a statement that waits for something, say for a table that is
/// being altered. It takes a client for dead that says nothing for a minute, and gives its locks free. The comparison of
/// a save is written for `read committed`.
const GREETING: &str = "\
SET statement_timeout = '10s';
SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
SET default_transaction_isolation = 'read committed'";

/// Longer than the server's own limit: whoever waits so long has no connection any more.
const ANSWER: Duration = Duration::from_secs(15);

/// An open connection.
pub(super) struct Session {
    client: Client,
    task: AbortHandle,
    is_over: AtomicBool,
    settings: Arc<Settings>,
}

impl Session {
    pub(super) fn is_alive(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed) && !self.client.is_closed()
    }

    /// Closes the connection, so that the server gives its locks free.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.task.abort();
    }

    /// Runs one statement that answers with one row, or with none.
    pub(super) async fn query(&self, statement: &str, values: &[Value<'_>]) -> Result<Option<Row>, Trouble> {
        self.limited(self.client.query_typed_opt(statement, values)).await
    }

    /// Runs statements in one transaction.
    pub(super) async fn execute(&self, statements: &str) -> Result<(), Trouble> {
        self.limited(self.client.batch_execute(statements)).await
    }

    async fn limited<T>(&self, work: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Trouble> {
        let Ok(answer) = timeout(ANSWER, work).await else {
            self.end();
            return Err(Trouble::Refused(StoreError::failed("the database does not answer")));
        };
        answer.map_err(|error| {
            let trouble = Trouble::of(&error, &self.settings);
            if matches!(trouble, Trouble::Lost(_)) {
                self.end();
            }
            trouble
        })
    }
}

/// The one connection of a store; made when it is needed, and made anew when it is gone.
pub(super) struct Link {
    settings: Arc<Settings>,
    session: tokio::sync::Mutex<Option<Arc<Session>>>,
}

/// The answer to a statement.
pub(super) struct Answer {
    pub(super) row: Option<Row>,
    /// The connection broke on the first try, which may have run all the same.
    pub(super) was_repeated: bool,
}

impl Link {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), session: tokio::sync::Mutex::new(None) }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Runs a statement, and once more on a new connection when the old one is found broken.
    pub(super) async fn query(&self, statement: &str, values: &[Value<'_>]) -> Result<Answer, StoreError> {
        let mut was_repeated = false;
        loop {
            match self.session().await?.query(statement, values).await {
                Ok(row) => return Ok(Answer { row, was_repeated }),
                Err(Trouble::Lost(_)) if !was_repeated => was_repeated = true,
                Err(trouble) => return Err(trouble.into_error()),
            }
        }
    }

    /// The connection. Who comes while one is made waits for it.
    pub(super) async fn session(&self) -> Result<Arc<Session>, StoreError> {
        let found = async {
            let mut slot = self.session.lock().await;
            if let Some(session) = slot.as_ref().filter(|session| session.is_alive()) {
                return Ok(Arc::clone(session));
            }
            let session = Arc::new(self.connect().await?);
            *slot = Some(Arc::clone(&session));
            Ok(session)
        };
        let late = |_| StoreError::failed("no connection to the database in time");
        timeout(self.settings.connect_limit(), found).await.map_err(late)?
    }

    async fn connect(&self) -> Result<Session, StoreError> {
        let session = match self.settings.ssl_mode() {
            SslMode::Disable => self.connect_with(NoTls).await?,
            mode => {
                let tls = tokio::task::spawn_blocking(move || Tls::new(mode)).await;
                self.connect_with(tls.map_err(|_| StoreError::failed("the runtime shuts down"))??).await?
            }
        };
        session.execute(GREETING).await.map_err(Trouble::into_error)?;
        Ok(session)
    }

    async fn connect_with<T>(&self, tls: T) -> Result<Session, StoreError>
    where
        T: MakeTlsConnect<tokio_postgres::Socket, Stream: Send + 'static>,
        T::TlsConnect: TlsConnect<tokio_postgres::Socket>,
    {
        let connected = self.settings.config.connect(tls).await;
        let (client, connection) = connected.map_err(|error| Trouble::of(&error, &self.settings).into_error())?;
        // It ends when the client is gone, or with the connection; then every statement on its way fails.
        let task = tokio::spawn(connection).abort_handle();
        Ok(Session { client, task, is_over: AtomicBool::new(false), settings: Arc::clone(&self.settings) })
    }
}
