//! `--restrictions`: parameters of the restriction manager.

use b24::Restrictions;

use crate::{args::LimitArgs, failure::Failure};

/// What the argument asks for, merged over its preset.
pub(crate) fn restrictions(args: &LimitArgs) -> Result<Restrictions, Failure> {
    read(args.restrictions.as_deref())
}

fn read(text: Option<&str>) -> Result<Restrictions, Failure> {
    let Some(text) = text else { return Ok(Restrictions::default()) };
    // A list would pass for the fields in their order.
    if !text.trim_start().starts_with('{') {
        return Err(Failure::unusable("--restrictions is no JSON object"));
    }
    serde_json::from_str(text).map_err(|error| Failure::unusable(format!("--restrictions: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_merged_over_the_default() {
        assert_eq!(read(None).unwrap(), Restrictions::default());
        assert_eq!(read(Some("{}")).unwrap(), Restrictions::default());
        assert_eq!(read(Some(r#" {"preset":"realtime"}"#)).unwrap(), Restrictions::realtime());
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["", "[]", "5", r#"{"maxRetry":0}"#, r#"{"rateLimit":{"burstLimit":0}}"#, r#"{"preset":"fast"}"#] {
            assert!(read(Some(bad)).is_err(), "{bad}");
        }
    }
}
