//! What every public type can do.

use std::fmt::Debug;

use b24_core::{
    ApiVersion, AuthLayer, CallOptions, Cursor, DateTime, Direction, Error, Fields, Grant, InvalidDateTime, Method,
    MultiField, Order, Params, PortalAddress, Reply, RequestInfo, RestError, RestRequest, RestResponse, Scalar, Secret,
    Time, Validation, batch, filter, values,
};

fn shared<T: Send + Sync + Debug + Clone + 'static>() {}

#[test]
fn types_can_be_sent_shared_cloned_and_printed() {
    shared::<ApiVersion>();
    shared::<AuthLayer<Always>>();
    shared::<CallOptions>();
    shared::<Grant>();
    shared::<Method>();
    shared::<Params>();
    shared::<PortalAddress>();
    shared::<Reply<u8>>();
    shared::<RequestInfo>();
    shared::<RestError>();
    shared::<RestRequest>();
    shared::<RestResponse>();
    shared::<Secret>();
    shared::<Time>();
    shared::<Validation>();
    shared::<Cursor>();
    shared::<batch::CommandInfo>();
    shared::<batch::Key>();
    shared::<batch::Plan>();
    shared::<batch::Prepared>();
    shared::<batch::Reference>();
    shared::<batch::Unfit>();
    shared::<DateTime>();
    shared::<Direction>();
    shared::<Fields>();
    shared::<MultiField>();
    shared::<Order>();
    shared::<Scalar>();
    shared::<filter::v2::Filter>();
    shared::<filter::v3::Filter>();
    shared::<values::AppStatus>();
    shared::<values::EntityType>();
    shared::<values::ProductType>();
}

#[test]
fn an_error_can_be_sent_and_is_an_error() {
    fn error<T: std::error::Error + Send + Sync + 'static>() {}
    error::<Error>();
    error::<RestError>();
    error::<InvalidDateTime>();
}

#[test]
fn no_secret_is_in_the_debug_text_of_what_holds_one() {
    let portal: PortalAddress = "https://p.bitrix24.com".parse().unwrap();
    let hook = Grant::webhook(portal.clone(), 1, Secret::from("s3cr3t"));
    let token = Grant::token(portal, "app.1", Secret::from("s3cr3t"), 3);
    for grant in [hook, token] {
        let request = RestRequest::new(ApiVersion::V2, Method::new("profile").unwrap(), Params::empty());
        let shown = format!("{grant:?} {:?} {:?}", request.clone().with_grant(grant.clone()), request.info());
        assert!(shown.contains("***") && !shown.contains("s3cr3t"), "{shown}");
    }
}

#[derive(Clone, Debug)]
struct Always;

impl b24_core::Authenticator for Always {
    type Future = std::future::Ready<Result<Grant, Error>>;

    fn authorize(&self) -> Self::Future {
        std::future::ready(Err(Error::auth("none", "none")))
    }

    fn renew(&self, _: &Grant) -> Self::Future {
        self.authorize()
    }
}
