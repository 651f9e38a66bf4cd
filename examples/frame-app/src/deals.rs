//! What is asked of the portal. Any handle will do: that of a frame, of an OAuth application, of a webhook.

use b24::{Client, Error, de};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Number, json};

/// The user whose rights the calls have.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) struct Profile {
    #[serde(default)]
    name: String,
    #[serde(default)]
    last_name: String,
}

impl Profile {
    /// As one would say it.
    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.name, self.last_name).trim().to_owned()
    }
}

/// A deal.
#[derive(Debug, Deserialize)]
pub(crate) struct Deal {
    #[serde(deserialize_with = "de::number")]
    pub(crate) id: u64,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) opportunity: Option<Number>,
}

/// How far the loading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) loaded: usize,
    /// As many as are to be loaded by what the portal counted at the start; there may be more by now.
    pub(crate) total: usize,
}

/// Who is asking.
pub(crate) async fn profile(b24: &Client) -> Result<Profile, Error> {
    Ok(b24.v2().call("profile").send().await?.result)
}

/// Loads the newest deals, and tells of each page as it comes.
pub(crate) async fn load(b24: &Client, mut page_came: impl FnMut(&[Deal], Progress)) -> Result<usize, Error> {
    const DEAL: u32 = 2;
    // Nobody reads more on one page, and its calls come within what a portal takes at once: they need no limiter.
    const MOST: usize = 1000;
    // One row, for its total: the walk by id, which is quicker, counts nothing.
    let count = json!({ "entityTypeId": DEAL, "select": ["id"], "filter": {} });
    let total = b24.v2().call("crm.item.list").params(count).send::<IgnoredAny>().await?.total.unwrap_or(0);
    let mut progress = Progress { loaded: 0, total: usize::try_from(total).map_or(MOST, |total| total.min(MOST)) };
    page_came(&[], progress);
    let select = json!({ "entityTypeId": DEAL, "select": ["id", "title", "opportunity"] });
    let mut pages = b24.v2().list::<Deal>("crm.item.list").params(select).descending().pages();
    while progress.loaded < MOST {
        let Some(page) = pages.next().await.transpose()? else { break };
        progress.loaded += page.rows.len();
        page_came(&page.rows, progress);
    }
    Ok(progress.loaded)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use b24::B24;
    use b24_portal::Portal;

    use super::*;

    /// What is loaded from a portal with so many deals, within its limits.
    async fn loaded(deals: u32) -> (usize, Vec<(usize, Progress)>) {
        let portal = Portal::builder().rows(deals).in_process();
        let b24 = B24::builder().http_client(portal.service()).webhook_url(&portal.hook_url()).unwrap();
        assert!(!profile(&b24).await.unwrap().full_name().is_empty());
        let (mut told, mut last) = (Vec::new(), u64::MAX);
        let all = load(&b24, |rows, progress| {
            told.push((rows.len(), progress));
            for deal in rows {
                assert!(deal.id < last && !deal.title.is_empty() && deal.opportunity.is_some());
                last = deal.id;
            }
        });
        (all.await.unwrap(), told)
    }

    #[tokio::test]
    async fn the_progress_ends_at_the_total() {
        let (all, told) = loaded(120).await;
        let want = [(0, 0), (50, 50), (50, 100), (20, 120)];
        assert_eq!(told, want.map(|(rows, loaded)| (rows, Progress { loaded, total: 120 })));
        assert_eq!(all, 120);
    }

    #[tokio::test]
    async fn a_thousand_are_enough_and_no_call_of_them_is_refused() {
        let (all, told) = loaded(1200).await;
        assert_eq!((all, told.len()), (1000, 21));
        assert_eq!(told[20].1, Progress { loaded: 1000, total: 1000 });
    }
}
