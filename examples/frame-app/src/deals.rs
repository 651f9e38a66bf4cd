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
    /// As many as the portal counted at the start; there may be more by now.
    pub(crate) total: usize,
}

/// Who is asking.
pub(crate) async fn profile(b24: &Client) -> Result<Profile, Error> {
    Ok(b24.v2().call("profile").send().await?.result)
}

/// Loads all deals, and tells of each page as it comes.
pub(crate) async fn load(b24: &Client, mut page_came: impl FnMut(&[Deal], Progress)) -> Result<usize, Error> {
    const DEAL: u32 = 2;
    // One row, for its total: the walk by id, which is quicker, counts nothing.
    let count = json!({ "entityTypeId": DEAL, "select": ["id"], "filter": {} });
    let total = b24.v2().call("crm.item.list").params(count).send::<IgnoredAny>().await?.total.unwrap_or(0);
    let mut progress = Progress { loaded: 0, total: usize::try_from(total).unwrap_or(usize::MAX) };
    page_came(&[], progress);
    let select = json!({ "entityTypeId": DEAL, "select": ["id", "title", "opportunity"] });
    let mut pages = b24.v2().list::<Deal>("crm.item.list").params(select).pages();
    while let Some(page) = pages.next().await.transpose()? {
        progress.loaded += page.rows.len();
        page_came(&page.rows, progress);
    }
    Ok(progress.loaded)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use b24::B24;
    use b24_portal::{Limits, Portal};

    use super::*;

    #[tokio::test]
    async fn the_progress_ends_at_the_total() {
        let portal = Portal::builder().rows(120).limits(Limits::off()).in_process();
        let b24 = B24::builder().http_client(portal.service()).webhook_url(&portal.hook_url()).unwrap();
        let (mut told, mut last) = (Vec::new(), 0);
        let all = load(&b24, |rows, progress| {
            told.push((rows.len(), progress.loaded, progress.total));
            for deal in rows {
                assert!(deal.id > last && !deal.title.is_empty() && deal.opportunity.is_some());
                last = deal.id;
            }
        });
        let all = all.await.unwrap();
        assert_eq!(all, 120);
        assert_eq!(told, [(0, 0, 120), (50, 50, 120), (50, 100, 120), (20, 120, 120)]);
        assert!(!profile(&b24).await.unwrap().full_name().is_empty());
    }
}
