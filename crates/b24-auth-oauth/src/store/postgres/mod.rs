//! Tokens in a table of PostgreSQL.
//!
//! # The table
//!
//! [`PostgresStore::create_table`] makes it, or a migration of yours with the statement of [`PostgresStore::ddl`]:
//!
//! ```sql
//! CREATE TABLE IF NOT EXISTS "b24_tokens" (
//!     application text NOT NULL,
//!     key text NOT NULL,
//!     generation bigint NOT NULL DEFAULT 0,
//!     record jsonb NOT NULL,
//!     saved_at timestamptz NOT NULL DEFAULT now(),
//!     PRIMARY KEY (application, key)
//! )
//! ```
//!
//! The tokens stand in it in the clear: whoever may read the table may call the portals. One table serves many
//! applications if each names itself by [`with_application`](PostgresStore::with_application). A save is one statement,
//! which compares the generation and writes.
//!
//! # One connection
//!
//! All statements go through one connection, which is made with the first of them and made anew when it is gone. They are
//! small, and the driver sends them without waiting for one another. So the number of renewals at a time is not that of
//! the server's connections, and none waits for a connection that another keeps.
//!
//! The lock of a renewal is an advisory lock of that connection. The server gives it free when the connection ends, for
//! whatever reason: a process that is killed leaves none behind, and of a machine that has lost its network the server
//! hears nothing for a minute and then does the same. As the server counts the locks of one connection and does not
//! refuse it a second one, tasks of one process first take a lock of that process. The server is asked for a lock, never
//! told to wait for one: a waiting statement would stop the one connection. So there are no cycles of waiting, however
//! many keys are renewed at once.
//!
//! If the connection breaks during a renewal, the lock is gone before the renewal is done. Then the generation still keeps
//! an older pair from replacing a newer one.
//!
//! Advisory locks need a connection that stays with its session: no pgbouncer in the transaction mode between. They are
//! those of one server: where a URL names several, add `target_session_attrs=read-write`, so that all processes meet on
//! the same.
//!
//! # Time limits
//!
//! 10 s for a connection (`connect_timeout` of the URL says otherwise), 10 s for a statement, kept by the server, and 15 s
//! for its answer. An operation that finds its connection broken runs once more on a new one.

mod lock;
mod session;
mod settings;
mod tls;
mod trouble;

use std::{fmt, sync::Arc};

use tokio_postgres::types::Type;

use self::{
    lock::{Local, Name},
    session::{Link, Place, text},
    settings::{Settings, Table},
    trouble::Trouble,
};
use super::{RenewalLock, StoreError, StoreErrorKind, StoreFuture, TokenKey, TokenRecord, TokenStore};

/// Tokens in a table of PostgreSQL 11 or newer, shared by the processes of many machines. Clones share the connection.
///
/// Making a store connects to nothing. `Debug` and errors show neither password nor tokens.
///
/// # Cancel safety
/// A `save` or `delete` whose future is dropped is done or not, never by half; a `lock` gives back what it may have got.
#[derive(Clone)]
pub struct PostgresStore {
    shared: Arc<Shared>,
    table: Table,
    application: Arc<str>,
}

struct Shared {
    link: Link,
    locks: Local,
}

impl PostgresStore {
    /// A store in the table `b24_tokens` of this database: `postgres://user:password@host:5432/database`.
    ///
    /// With `sslmode=require` the connection is under TLS, and the certificate has to be one that the platform trusts
    /// (`SSL_CERT_FILE` names others) and has to have the host's name: what libpq calls `verify-full`, which is
    /// understood too. `prefer`, the default, uses TLS if the server has it, and checks nothing; enough for a database
    /// on the same machine. `disable` uses none.
    ///
    /// # Errors
    /// It is no such URL. The error repeats nothing of it.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        let shared = Shared { link: Link::new(Settings::parse(url)?), locks: Local::default() };
        Ok(Self { shared: Arc::new(shared), table: Table::new("b24_tokens")?, application: "".into() })
    }

    /// Another table: `table` or `schema.table`, in small letters, digits and `_`. The connection stays the same.
    ///
    /// # Errors
    /// It is no such name.
    pub fn with_table(mut self, name: &str) -> Result<Self, StoreError> {
        self.table = Table::new(name)?;
        Ok(self)
    }

    /// Which of the applications in the table this is: its `client_id`. Without it, the one that has no name.
    #[must_use]
    pub fn with_application(mut self, client_id: &str) -> Self {
        self.application = client_id.into();
        self
    }

    /// The statement that makes the table, for a migration.
    #[must_use]
    pub fn ddl(&self) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} (
    application text NOT NULL,
    key text NOT NULL,
    generation bigint NOT NULL DEFAULT 0,
    record jsonb NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (application, key)
)",
            self.table.quoted()
        )
    }

    /// Makes the table, unless there is one of that name. Many processes may do so at once.
    ///
    /// # Errors
    /// [`StoreErrorKind::Failed`]: there is no connection, or no right to make a table.
    pub async fn create_table(&self) -> Result<(), StoreError> {
        // Without the lock one of two that make it at the same moment is refused, IF NOT EXISTS or not.
        let ddl = self.ddl();
        let statements = format!("SELECT pg_advisory_xact_lock(hashtextextended('b24-auth-oauth', 0)); {ddl}");
        let session = self.shared.link.session().await?;
        match session.execute(&statements).await {
            Err(Trouble::Lost(_)) => self.shared.link.session().await?.execute(&statements).await,
            done => done,
        }
        .map_err(Trouble::into_error)
    }

    async fn load_record(&self, key: &TokenKey) -> Result<Option<TokenRecord>, StoreError> {
        let table = self.table.quoted();
        let statement = format!("SELECT generation, record::text FROM {table} WHERE application = $1 AND key = $2");
        let (application, name) = (&*self.application, &*key.to_string());
        let values = [text(&application), text(&name)];
        let Some(row) = self.shared.link.query(&statement, &values).await?.row else { return Ok(None) };
        let corrupt = |_| StoreError::new(StoreErrorKind::Corrupt);
        let (generation, json): (i64, &str) = (row.try_get(0).map_err(corrupt)?, row.try_get(1).map_err(corrupt)?);
        let record = TokenRecord::from_json(json.as_bytes())?;
        key.check_stored(&record)?;
        if i64::try_from(record.generation()) != Ok(generation) {
            return Err(StoreError::new(StoreErrorKind::Corrupt));
        }
        Ok(Some(record))
    }

    async fn save_record(&self, key: &TokenKey, record: &TokenRecord, expected: Option<u64>) -> Result<(), StoreError> {
        key.check_stored(record)?;
        let (name, json, generation) = (&*key.to_string(), record.to_json(), number(record.generation())?);
        let json = json.expose();
        let expected = expected.map(number).transpose()?;
        let (table, application) = (self.table.quoted(), &*self.application);
        let mut values = vec![text(&application), text(&name), (&generation as Place<'_>, Type::INT8), text(&json)];
        let ours = "application = $1 AND key = $2";
        let statement = match &expected {
            None => format!(
                "INSERT INTO {table} (application, key, generation, record) VALUES ($1, $2, $3, $4::jsonb)
                 ON CONFLICT DO NOTHING RETURNING 1"
            ),
            Some(expected) => {
                values.push((expected, Type::INT8));
                format!(
                    "UPDATE {table} SET generation = $3, record = $4::jsonb, saved_at = now()
                     WHERE {ours} AND generation = $5 RETURNING 1"
                )
            }
        };
        let answer = self.shared.link.query(&statement, &values).await?;
        if answer.row.is_some() {
            return Ok(());
        }
        if answer.was_repeated {
            // The first try may have been written, and its answer lost with the connection.
            let same = format!("SELECT 1 FROM {table} WHERE {ours} AND generation = $3 AND record = $4::jsonb");
            if self.shared.link.query(&same, &values[..4]).await?.row.is_some() {
                return Ok(());
            }
        }
        Err(StoreError::new(StoreErrorKind::Conflict))
    }

    async fn delete_record(&self, key: &TokenKey) -> Result<bool, StoreError> {
        let table = self.table.quoted();
        let statement = format!("DELETE FROM {table} WHERE application = $1 AND key = $2 RETURNING 1");
        let (application, name) = (&*self.application, &*key.to_string());
        let values = [text(&application), text(&name)];
        Ok(self.shared.link.query(&statement, &values).await?.row.is_some())
    }
}

/// The server counts to 2⁶³.
fn number(generation: u64) -> Result<i64, StoreError> {
    i64::try_from(generation).map_err(|_| StoreError::failed("no such generation"))
}

impl TokenStore for PostgresStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>> {
        Box::pin(self.load_record(key))
    }

    fn save<'a>(&'a self, key: &'a TokenKey, record: &'a TokenRecord, expected: Option<u64>) -> StoreFuture<'a, ()> {
        Box::pin(self.save_record(key, record, expected))
    }

    fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool> {
        Box::pin(self.delete_record(key))
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, RenewalLock> {
        let name = Name { table: self.table.quoted().to_owned(), row: format!("{}\n{key}", self.application) };
        Box::pin(async move {
            let Shared { link, locks } = &*self.shared;
            Ok(RenewalLock::new(lock::acquire(link, locks, name).await?))
        })
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("settings", self.shared.link.settings())
            .field("table", &self.table.quoted())
            .field("application", &self.application)
            .finish()
    }
}
