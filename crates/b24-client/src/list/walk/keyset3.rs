//! v3: one more condition in `filter`, `order`, `pagination`.
//!
//! Source: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>

use b24_core::{Cursor, Direction, Error, SdkCode, filter};
use serde_json::value::RawValue;

use super::{check_limit, order};
use crate::list::params::{Entries, Entry, json};

/// Pages by a condition on the id, after the caller's own.
#[derive(Clone, Debug)]
pub(super) struct Keyset3 {
    key: Box<str>,
    filter: Vec<Box<RawValue>>,
    direction: Direction,
    pub(super) limit: u16,
}

impl Keyset3 {
    /// Takes what the pages write out of the caller's parameters, and gives the place to begin after.
    pub(super) fn new(
        params: &mut Entries,
        key: &str,
        direction: Direction,
        limit: u16,
        resume: Option<Cursor>,
    ) -> Result<(Self, Option<Cursor>), Error> {
        check_limit(limit)?;
        params.remove_null("filter");
        let filter = match params.remove("filter") {
            None => Vec::new(),
            Some(filter) => {
                filter::v3::check(&filter)?;
                let text = "the filter of a v3 list is a list of conditions";
                serde_json::from_str(filter.get()).map_err(|_| Error::usage(SdkCode::InvalidFilter, text))?
            }
        };
        for replaced in ["order", "pagination"] {
            params.remove(replaced);
        }
        let begin = resume.or_else(|| (direction == Direction::Asc).then(|| Cursor::from(0)));
        Ok((Self { key: key.into(), filter, direction, limit }, begin))
    }

    pub(super) fn write(&self, params: &mut Entries, last: Option<&Cursor>) {
        let beyond = match self.direction {
            Direction::Asc => ">",
            Direction::Desc => "<",
        };
        let bound = last.map(|last| json(&(&self.key, beyond, last)));
        let filter: Vec<_> = self.filter.iter().cloned().chain(bound).collect();
        params.set("filter", json(&filter));
        params.set("order", order(&self.key, self.direction));
        params.set("pagination", json(&Entry("limit", self.limit)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Told, Walk, tests::*};
    use super::*;

    fn keyset3(params: &Value, limit: u16) -> Result<Walk, Error> {
        Walk::keyset3(entries(params), "id", Direction::Asc, limit, None, false)
    }

    #[test]
    fn v3_adds_a_condition() {
        let params = json!({ "filter": [["status", "=", "NEW"]], "pagination": { "page": 7 } });
        let walk = keyset3(&params, 20).unwrap();
        let want = json!({ "filter": [["status", "=", "NEW"], ["id", ">", 0]], "order": { "id": "ASC" }, "pagination": { "limit": 20 } });
        assert_eq!(asks(&walk), want);
        assert_eq!(keyset3(&json!({ "filter": { ">id": 5 } }), 50).unwrap_err().code(), "INVALID_FILTER");
        for bad in [0, 1001] {
            assert_eq!(keyset3(&json!({}), bad).unwrap_err().code(), "INVALID_PARAMS");
        }
    }

    // Fact: `limit` above what a method allows is capped silently.
    #[test]
    fn the_size_of_a_page_is_learned_from_the_portal() {
        for (limit, pages, want) in [
            (50, &[30][..], &[false][..]),
            (50, &[50, 1], &[true, false]),
            (20, &[20, 5], &[true, false]),
            (20, &[5], &[false]),
            // Capped to 50, and to 500.
            (1000, &[50, 50, 49], &[true, true, false]),
            (1000, &[500, 499], &[true, false]),
            (1000, &[49], &[false]),
        ] {
            let mut walk = keyset3(&json!({}), limit).unwrap();
            let mut last = 1;
            for (page, want) in pages.iter().zip(want) {
                let more = walk.accept(&numbers(last..last + page), &Told::default(), false).more.unwrap();
                assert_eq!(more, *want, "{limit} {pages:?}");
                last += page;
            }
        }
    }
}
