//! From arguments to a list.

use std::collections::HashMap;

use b24::{
    B24, List, Params,
    filter::{v2, v3},
};
use serde::de::IgnoredAny;

use super::conditions::Condition;
use crate::{
    args::{Api, ListArgs},
    failure::Failure,
    output::Payload,
    params::params,
};

pub(super) fn list(b24: &B24, args: &ListArgs) -> Result<List<Payload>, Failure> {
    let params = params(&args.params)?;
    let given = |option: &str, key: &str| {
        let refused = || format!("{option}, and `{key}` among the parameters: only one of them can hold");
        if has(&params, key, args.api) { Err(Failure::unusable(refused())) } else { Ok(()) }
    };
    let mut list = match args.api {
        Api::V2 => b24.v2().list(&args.method),
        Api::V3 => b24.v3().list(&args.method),
    };
    if !args.conditions.is_empty() {
        given("--where", "filter")?;
        list = filter(list, args)?;
    }
    if !args.select.is_empty() {
        given("--select", "select")?;
        list = list.select(args.select.iter().map(|field| field.trim()));
    }
    // As they were given: order of keys and digits of numbers included.
    let raw: Payload = serde_json::from_slice(params.as_bytes())
        .map_err(|error| Failure::unusable(format!("INVALID_PARAMS: the parameters are no JSON: {error}")))?;
    list = list.params(raw);
    match args.items_key.as_deref() {
        Some("") => list = list.items_at_result(),
        Some(key) => list = list.items_key(key),
        None => {}
    }
    if let Some(key) = &args.id_key {
        list = list.id_key(key);
    }
    if let Some(key) = &args.cursor_key {
        list = list.cursor_key(key);
    }
    if let Some(rows) = page_size(args)? {
        list = list.page_size(rows);
    }
    if args.descending {
        list = list.descending();
    }
    if args.exhaustive {
        list = list.exhaustive();
    }
    if args.by_offset {
        if args.api == Api::V3 {
            return Err(Failure::unusable("--by-offset: lists of v3 go by id"));
        }
        list = list.by_offset();
    }
    if let Some(cursor) = &args.resume_after {
        list = list.resume_after(cursor);
    }
    Ok(list)
}

fn filter(list: List<Payload>, args: &ListArgs) -> Result<List<Payload>, Failure> {
    let filtered = match args.api {
        Api::V2 => {
            let filter = v2::Filter::new(conditions(args, Condition::v2)?);
            filter.map(|filter| list.filter(filter))
        }
        Api::V3 => {
            let filter = v3::Filter::new(conditions(args, Condition::v3)?);
            filter.map(|filter| list.filter(filter))
        }
    };
    filtered.map_err(|error| Failure::unusable(format!("--where: {error}")))
}

fn conditions<'a, C>(args: &'a ListArgs, make: fn(&Condition<'a>) -> Result<C, String>) -> Result<Vec<C>, Failure> {
    let condition = |text: &'a String| {
        let condition = Condition::parse(text).and_then(|condition| make(&condition));
        condition.map_err(|why| Failure::unusable(format!("--where '{text}': {why}")))
    };
    args.conditions.iter().map(condition).collect()
}

/// Rows that nobody wants are not asked for.
fn page_size(args: &ListArgs) -> Result<Option<u16>, Failure> {
    match (args.api, args.page_size, args.limit) {
        (Api::V2, Some(_), _) => Err(Failure::unusable("--page-size: a page of v2 has 50 rows, and always has")),
        (Api::V3, None, Some(limit)) => Ok(u16::try_from(limit.get()).ok().filter(|limit| *limit < 50)),
        (_, size, _) => Ok(size),
    }
}

/// Portals read `FILTER` as `filter` on v2.
fn has(params: &Params, key: &str, api: Api) -> bool {
    let params: HashMap<String, IgnoredAny> = serde_json::from_slice(params.as_bytes()).unwrap_or_default();
    params.keys().any(|known| known == key || (api == Api::V2 && known.eq_ignore_ascii_case(key)))
}
