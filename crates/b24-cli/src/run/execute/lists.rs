//! Lists and tails: all rows, or those before a failure.

use b24::{B24, CallOptions, Cursor, Direction, Error, Priority, client::list::Pages, core::SdkCode};
use futures_util::StreamExt;

use super::super::operation::{Api, List, Tail};
use crate::output::{Payload, one_line};

pub(super) async fn list(b24: &B24, list: List, options: CallOptions) -> (Vec<Payload>, Option<Error>) {
    let List { api, method, params, items_key, id_key, cursor_id_key, limit, .. } = list;
    let mut rows = match api {
        Api::V2 => b24.v2().list(&method),
        Api::V3 => b24.v3().list(&method),
    };
    rows = rows.options(options.with_priority(Priority::Bulk));
    if let Some(params) = params {
        rows = rows.params(params);
    }
    let nothing_is_said = items_key.is_none() && id_key.is_none() && cursor_id_key.is_none();
    if !(nothing_is_said && rows.is_known()) {
        let default = match api {
            Api::V2 => "ID",
            Api::V3 => "id",
        };
        let id = id_key.unwrap_or_else(|| default.to_owned());
        rows = rows.cursor_key(cursor_id_key.as_deref().unwrap_or(&id)).id_key(&id);
        rows = match items_key {
            Some(items) => rows.items_key(&items),
            None => rows.items_at_result(),
        };
    }
    if let (Api::V3, Some(limit)) = (api, limit) {
        rows = rows.page_size(page_size(limit));
    }
    all(rows.pages()).await
}

pub(super) async fn tail(b24: &B24, tail: Tail, options: CallOptions) -> (Vec<Payload>, Option<Error>) {
    let Tail { method, params, items_key, cursor_field, order, initial_value, limit, .. } = tail;
    let mut rows = b24.v3().tail(&method).options(options.with_priority(Priority::Bulk));
    if let Some(params) = params {
        rows = rows.params(params);
    }
    if let Some(items) = items_key {
        rows = rows.items_key(&items);
    }
    if let Some(field) = cursor_field {
        rows = rows.cursor_field(&field);
    }
    if order == Direction::Desc {
        rows = rows.descending();
    }
    if let Some(value) = initial_value {
        let Some(begin) = Cursor::read(&value) else {
            return (Vec::new(), Some(Error::usage(SdkCode::InvalidParams, "`initialValue` is no value of a cursor")));
        };
        rows = rows.begin_after(begin);
    }
    if let Some(limit) = limit {
        rows = rows.page_size(page_size(limit));
    }
    all(rows.pages()).await
}

/// What no page can have becomes 0, which the SDK refuses.
fn page_size(limit: i64) -> u16 {
    u16::try_from(limit).unwrap_or(0)
}

async fn all(mut pages: Pages<Payload>) -> (Vec<Payload>, Option<Error>) {
    let mut rows = Vec::new();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => rows.extend(page.rows.into_iter().map(one_line)),
            Err(error) => return (rows, Some(error)),
        }
    }
    (rows, None)
}
