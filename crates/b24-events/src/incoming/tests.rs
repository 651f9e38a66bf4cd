//! Bodies as the portal's documentation shows them, and what is made of them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::{Duration, UNIX_EPOCH};

use b24_core::de;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::*;

const DEAL: &str = "event=ONCRMDEALADD&event_handler_id=12&data%5BFIELDS%5D%5BID%5D=5&ts=1696527000&auth[access_token]=4cc3ss\
    &auth[expires_in]=3600&auth[scope]=crm,task&auth[domain]=p.bitrix24.com&auth[status]=L&auth[member_id]=m1&auth[user_id]=7\
    &auth[server_endpoint]=https://oauth.bitrix.info/rest/&auth[client_endpoint]=https://p.bitrix24.com/rest/\
    &auth[application_token]=4ppt0ken&auth[refresh_token]=";

const ROBOT: &str = "workflow_id=65f.1&code=invoice&document_id[0]=crm&document_id[1]=CCrmDocumentDeal&document_id[2]=DEAL_5\
    &document_type[]=crm&document_type[]=CCrmDocumentDeal&document_type[]=DEAL&event_token=3v3ntt0ken&properties[sum]=10.50\
    &use_subscription=Y&timeout_duration=60&ts=1696527000&auth[member_id]=m1&auth[refresh_token]=r3fresh";

const PAGE: &str = "AUTH_ID=4cc3ss&AUTH_EXPIRES=3600&REFRESH_ID=r3fresh&member_id=m1&status=L&PLACEMENT=CRM_DEAL_DETAIL_TAB\
    &PLACEMENT_OPTIONS=%7B%22ID%22%3A%225%22%7D&SERVER_ENDPOINT=https%3A%2F%2Foauth.bitrix24.tech%2Frest%2F\
    &APPLICATION_TOKEN=4ppt0ken&APPLICATION_SCOPE=crm";

const QUERY: &str = "DOMAIN=p.bitrix24.com&PROTOCOL=1&LANG=en&APP_SID=51d0";

fn form(body: &str) -> Incoming {
    Incoming::decode(Encoding::Form, body.as_bytes()).unwrap()
}

fn event(body: &str) -> Event {
    let Incoming::Event(event) = form(body) else { panic!("no event: {body}") };
    event
}

fn event_of(body: &Value) -> Event {
    let Ok(Incoming::Event(event)) = Incoming::decode(Encoding::Json, body.to_string().as_bytes()) else {
        panic!("no event: {body}")
    };
    event
}

fn robot(body: &str) -> RobotCall {
    let Incoming::Robot(call) = form(body) else { panic!("no robot: {body}") };
    call
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Id {
    #[serde(deserialize_with = "de::number")]
    id: u64,
}

#[test]
fn an_event_brings_its_data_and_its_sender() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "UPPERCASE")]
    struct Data {
        fields: Id,
    }

    let event = event(DEAL);
    assert_eq!((event.name(), event.handler_id()), ("ONCRMDEALADD", Some(12)));
    assert_eq!(event.sent(), Some(UNIX_EPOCH + Duration::from_secs(1_696_527_000)));
    assert_eq!(event.data::<Data>().unwrap().fields.id, 5);
    assert_eq!(event.raw_data(), &json!({"FIELDS": {"ID": "5"}}));
    let auth = event.auth();
    assert!(auth.application_token().unwrap().matches("4ppt0ken"));
    assert!(auth.access_token().unwrap().matches("4cc3ss"));
    assert!(auth.refresh_token().is_none(), "empty is absent");
    assert_eq!((auth.member_id(), auth.domain(), auth.status()), (Some("m1"), Some("p.bitrix24.com"), Some("L")));
    assert_eq!(auth.client_endpoint(), Some("https://p.bitrix24.com/rest/"));
    assert_eq!(auth.server_endpoint(), Some("https://oauth.bitrix.info/rest/"));
    assert_eq!((auth.user_id(), auth.expires_in()), (Some(7), Some(3600)));
    assert_eq!(auth.scope().collect::<Vec<_>>(), ["crm", "task"]);
    assert!(auth.field("expires_in").unwrap().matches("3600") && auth.field("other").is_none());
}

#[test]
fn an_event_of_json_is_the_same_whatever_its_numbers_are() {
    let event = event_of(&json!({
        "event": "onCrmDealAdd", "event_handler_id": 12, "ts": 1_696_527_000, "data": {"FIELDS": {"ID": 5}},
        "auth": {"user_id": 7, "expires_in": 3600, "member_id": "m1", "application_token": 123, "scope": "crm task",
            "is_admin": true, "status": null, "domain": {"a": "b"}},
    }));
    assert_eq!((event.name(), event.handler_id()), ("ONCRMDEALADD", Some(12)));
    assert!(event.sent().is_some());
    assert_eq!(event.raw_data()["FIELDS"]["ID"], 5);
    let auth = event.auth();
    assert_eq!((auth.user_id(), auth.expires_in()), (Some(7), Some(3600)));
    assert!(auth.application_token().unwrap().matches("123") && auth.field("is_admin").unwrap().matches("true"));
    assert_eq!(auth.scope().collect::<Vec<_>>(), ["crm", "task"]);
    assert_eq!((auth.status(), auth.domain()), (None, None));
}

#[test]
fn an_event_may_lack_all_but_its_name() {
    let event = event("event=ONX&ts=soon&event_handler_id=-1&data=text&auth=text");
    assert_eq!((event.sent(), event.handler_id(), event.raw_data()), (None, None, &json!({})));
    assert!(event.auth().member_id().is_none() && event.auth().scope().next().is_none());
    assert_eq!(self::event("event=ONX&ts=18446744073709551615").sent(), None, "beyond what a clock can show");
}

#[test]
fn events_about_the_application_are_known() {
    let version = |text: &'static str| Some(text.into());
    for (body, want) in [
        (
            json!({"event": "ONAPPINSTALL",
                "data": {"VERSION": "1.0.0", "ACTIVE": "Y", "INSTALLED": "N", "LANGUAGE_ID": "en"}}),
            Known::Install {
                version: version("1.0.0"),
                active: Some(true),
                installed: Some(false),
                language: version("en"),
            },
        ),
        (
            json!({"event": "ONAPPINSTALL", "data": {"VERSION": 1, "ACTIVE": "maybe"}}),
            Known::Install { version: version("1"), active: None, installed: None, language: None },
        ),
        (
            json!({"event": "ONAPPUPDATE", "data": {"VERSION": "2", "PREVIOUS_VERSION": "1", "LANGUAGE_ID": "de"}}),
            Known::Update { version: version("2"), previous_version: version("1"), language: version("de") },
        ),
        (
            json!({"event": "ONAPPUNINSTALL", "data": {"CLEAN": "1", "LANGUAGE_ID": "en"}}),
            Known::Uninstall { clean: Some(true), language: version("en") },
        ),
        (
            json!({"event": "ONAPPUNINSTALL", "data": {"CLEAN": 0}}),
            Known::Uninstall { clean: Some(false), language: None },
        ),
        (json!({"event": "ONAPPUNINSTALL", "data": []}), Known::Uninstall { clean: None, language: None }),
        (json!({"event": "ONAPPTEST", "data": {"QUERY": {"a": "b"}}}), Known::Test),
        (json!({"event": "ONSUBSCRIPTIONRENEW"}), Known::SubscriptionRenewal),
        (json!({"event": "OnOfflineEvent", "data": []}), Known::Offline),
        (json!({"event": "ONCRMDEALADD", "data": {"VERSION": "1"}}), Known::Other),
    ] {
        assert_eq!(event_of(&body).known(), want, "{body}");
    }
}

#[test]
fn a_message_to_a_bot_is_read_in_both_spellings() {
    let bot = json!({"access_token": "b0tt0ken", "application_token": "4ppt0ken", "AUTH": {"access_token": "b0tt0ken"},
        "BOT_ID": "567", "BOT_CODE": "BOT1"});
    let first = event_of(&json!({"event": "ONIMBOTMESSAGEADD", "data": {"BOT": {"567": bot}, "PARAMS": {
        "MESSAGE": "Hello", "FROM_USER_ID": "27", "DIALOG_ID": "chat9", "TO_CHAT_ID": "9", "MESSAGE_ID": "33899",
        "LANGUAGE": "en"}}}));
    let second = event_of(&json!({"event": "ONIMBOTV2MESSAGEADD", "data": {
        "bot": {"id": 567, "code": "BOT1", "auth": {"access_token": "b0tt0ken"}},
        "message": {"id": 33899, "chatId": 9, "authorId": 27, "text": "Hello"}, "chat": {"id": 9, "dialogId": "chat9"},
        "user": {"id": 27}, "language": "en"}}));
    for event in [first, second] {
        let message = event.chat_message().unwrap();
        assert_eq!((message.text(), message.dialog_id(), message.language()), ("Hello", Some("chat9"), Some("en")));
        assert_eq!((message.chat_id(), message.message_id(), message.author_id()), (Some(9), Some(33899), Some(27)));
        let [bot] = message.bots() else { panic!("{message:?}") };
        assert_eq!((bot.id(), bot.code()), (567, Some("BOT1")));
        assert!(bot.auth().access_token().unwrap().matches("b0tt0ken"));
        let shown = format!("{event:?} {message:?} {bot:?}");
        assert!(!shown.contains("b0tt0ken") && !shown.contains("Hello"), "{shown}");
    }
    assert!(event(DEAL).chat_message().is_none());
}

#[test]
fn a_message_may_lack_all_its_fields() {
    for data in [json!({}), json!({"BOT": [1, {}, {"BOT_ID": "3"}], "PARAMS": "x"}), json!([])] {
        let message = event_of(&json!({"event": "ONIMMESSAGEADD", "data": data})).chat_message().unwrap();
        assert_eq!((message.text(), message.dialog_id(), message.author_id()), ("", None, None), "{data}");
        assert!(message.bots().iter().all(|bot| bot.id() == 3));
    }
}

#[test]
fn a_robot_brings_its_document_and_its_token() {
    #[derive(Deserialize)]
    struct Properties {
        #[serde(deserialize_with = "de::number")]
        sum: f64,
    }

    let call = robot(ROBOT);
    assert_eq!((call.code(), call.workflow_id()), ("invoice", "65f.1"));
    assert_eq!(call.document_id(), Some(["crm", "CCrmDocumentDeal", "DEAL_5"]));
    assert_eq!(call.document_type(), Some(["crm", "CCrmDocumentDeal", "DEAL"]));
    assert!(call.event_token().unwrap().matches("3v3ntt0ken"));
    assert!((call.properties::<Properties>().unwrap().sum - 10.5).abs() < f64::EPSILON);
    assert_eq!(call.raw_properties()["sum"], "10.50");
    assert_eq!((call.uses_subscription(), call.timeout()), (true, Some(Duration::from_secs(60))));
    assert!(call.sent().is_some() && call.auth().refresh_token().unwrap().matches("r3fresh"));

    let least = robot("workflow_id=w&code=c&document_id[]=crm&timeout_duration=-1");
    assert_eq!((least.document_id(), least.document_type(), least.timeout()), (None, None, None));
    assert!(!least.uses_subscription() && least.event_token().is_none());
}

#[test]
fn a_page_brings_its_place_and_tokens_under_the_names_of_events() {
    let page = PageRequest::parse(QUERY, PAGE.as_bytes()).unwrap();
    assert_eq!((page.placement(), page.language(), page.app_sid()), ("CRM_DEAL_DETAIL_TAB", Some("en"), Some("51d0")));
    assert_eq!(page.options::<Id>().unwrap().id, 5);
    assert_eq!(page.raw_options(), Some(&json!({"ID": "5"})));
    let auth = page.auth();
    for (name, want) in [
        ("access_token", "4cc3ss"),
        ("refresh_token", "r3fresh"),
        ("expires_in", "3600"),
        ("member_id", "m1"),
        ("status", "L"),
        ("scope", "crm"),
        ("application_token", "4ppt0ken"),
        ("server_endpoint", "https://oauth.bitrix24.tech/rest/"),
        ("domain", "p.bitrix24.com"),
        ("client_endpoint", "https://p.bitrix24.com/rest/"),
    ] {
        assert!(auth.field(name).is_some_and(|field| field.matches(want)), "{name}");
    }

    let Incoming::Page(page) = form("AUTH_ID=a&PLACEMENT_OPTIONS={\"a\"") else { panic!("no page") };
    assert_eq!((page.placement(), page.raw_options(), page.auth().domain()), ("DEFAULT", None, None));
    assert!(page.options::<Id>().unwrap_err().to_string().contains("the options of the placement"));
}

#[test]
fn an_endpoint_is_made_of_a_host_and_of_nothing_else() {
    for (query, want) in [
        ("DOMAIN=p.com&PROTOCOL=0", Some("http://p.com/rest/")),
        ("DOMAIN=p.com:8080", Some("https://p.com:8080/rest/")),
        ("DOMAIN=p.com/x?", None),
        ("DOMAIN=u@p.com", None),
        ("DOMAIN=", None),
    ] {
        let page = PageRequest::parse(query, b"").unwrap();
        assert_eq!(page.auth().client_endpoint(), want, "{query}");
    }
    let page = PageRequest::parse("DOMAIN=query.com&LANG=en", b"DOMAIN=body.com").unwrap();
    assert_eq!((page.auth().domain(), page.language()), (Some("body.com"), Some("en")), "the body counts more");
}

#[test]
fn what_is_none_of_the_three_is_refused() {
    let missing = |field| DecodeErrorKind::Missing { field };
    let long = format!("event={}", "x".repeat(300));
    for (body, want) in [
        ("", DecodeErrorKind::Unknown),
        ("a=b", DecodeErrorKind::Unknown),
        ("code=c", DecodeErrorKind::Unknown),
        ("event=", missing("event")),
        ("event[]=a", missing("event")),
        ("event=a%0Ab", missing("event")),
        (&long, missing("event")),
        ("event_token=t&code=c", missing("workflow_id")),
        ("event_token=t&workflow_id=w", missing("code")),
        ("PLACEMENT[]=a", missing("PLACEMENT")),
        ("AUTH_ID=a&PLACEMENT=a%00b%0a", missing("PLACEMENT")),
        ("[a]=1", DecodeErrorKind::Unknown),
    ] {
        let error = Incoming::decode(Encoding::Form, body.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), want, "{body}");
    }
    for (body, want) in [
        ("event=a", DecodeErrorKind::NotJson),
        ("[]", DecodeErrorKind::NotJson),
        ("{}", DecodeErrorKind::Unknown),
        (r#"{"event": null}"#, missing("event")),
        (r#"{"event": {"a": 1}}"#, missing("event")),
    ] {
        assert_eq!(Incoming::decode(Encoding::Json, body.as_bytes()).unwrap_err().kind(), want, "{body}");
    }
    let brackets = format!("event=a&a{}=1", "[b]".repeat(10_000));
    let error = Incoming::decode(Encoding::Form, brackets.as_bytes()).unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (DecodeErrorKind::TooDeep, "the body is nested too deep".to_owned()));
    let fields = "event=a&".repeat(10_001);
    let error = Incoming::decode(Encoding::Form, fields.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::TooManyFields);
}

#[test]
fn two_installations_in_one_second_are_two() {
    let install =
        |token: &str| form(&format!("event=ONAPPINSTALL&ts=1&auth[member_id]=m1&auth[refresh_token]={token}"));
    assert_ne!(install("one").fingerprint(), install("two").fingerprint());
    assert_eq!(install("one").fingerprint(), install("one").fingerprint());
}

#[test]
fn a_second_delivery_has_the_same_fingerprint_and_nothing_else_has() {
    let first = form(DEAL).fingerprint();
    for (from, to, same) in [
        ("4cc3ss", "fr3sh", true),
        ("4ppt0ken", "other", true),
        ("[expires_in]=3600", "[expires_in]=3599", true),
        ("event=ONCRMDEALADD", "event=OnCrmDealAdd", true),
        ("event=ONCRMDEALADD", "event=ONCRMDEALUPDATE", false),
        ("member_id]=m1", "member_id]=m2", false),
        ("event_handler_id=12", "event_handler_id=13", false),
        ("ts=1696527000", "ts=1696527001", false),
        ("ts=1696527000", "ts=2023-10-05T17:30:00", false),
        ("%5BID%5D=5", "%5BID%5D=6", false),
        ("%5BID%5D=5", "%5BID%5D%5B%5D=5", false),
    ] {
        let other = DEAL.replace(from, to);
        assert_ne!(other, DEAL, "{from}");
        assert_eq!(form(&other).fingerprint() == first, same, "{from} {to}");
    }
    assert_eq!(Fingerprint::from_bytes(*first.as_bytes()), first);
    // A time that nobody can read still tells one change from the next.
    let at = |time: &str| form(&DEAL.replace("ts=1696527000", &format!("ts={time}"))).fingerprint();
    assert_ne!(at("2023-10-05T17:30:00"), at("2023-10-05T17:30:01"));
    assert_eq!(at("2023-10-05T17:30:00"), at("2023-10-05T17:30:00"));
    let data = |text: &str| event_of(&serde_json::from_str(text).unwrap()).fingerprint();
    assert_eq!(data(r#"{"event":"A","data":{"a":1,"b":"2"}}"#), data(r#"{"data":{"b":2,"a":"1"},"event":"a"}"#));
    assert_ne!(data(r#"{"event":"A","data":{"a":"bc"}}"#), data(r#"{"event":"A","data":{"ab":"c"}}"#));
}

#[test]
fn fresh_tokens_of_a_bot_do_not_make_another_event() {
    let delivery = |token: &str, text: &str| {
        let auth = json!({"access_token": token, "refresh_token": token, "expires": token, "domain": "p.com"});
        let mut bot = auth.clone();
        bot["AUTH"] = auth;
        event_of(&json!({"event": "ONIMBOTMESSAGEADD", "data": {"BOT": {"5": bot}, "PARAMS": {"MESSAGE": text}}}))
    };
    assert_eq!(delivery("a", "Hello").fingerprint(), delivery("b", "Hello").fingerprint());
    assert_ne!(delivery("a", "Hello").fingerprint(), delivery("a", "Bye").fingerprint());
    // Without an access token beside it, it is a field as any other.
    let document = |expires: &str| event_of(&json!({"event": "ONDOCUMENT", "data": {"ID": "5", "expires": expires}}));
    assert_ne!(document("1").fingerprint(), document("2").fingerprint());
}

#[test]
fn a_robot_is_known_by_its_token_and_a_page_by_everything() {
    let first = robot(ROBOT).fingerprint();
    assert_eq!(robot(&ROBOT.replace("r3fresh", "other").replace("ts=1", "ts=2")).fingerprint(), first);
    assert_ne!(robot(&ROBOT.replace("3v3ntt0ken", "other")).fingerprint(), first);
    let bare = ROBOT.replace("event_token", "x");
    let without = robot(&bare).fingerprint();
    assert_ne!(without, first);
    for (from, to) in [("65f.1", "65f.2"), ("code=invoice", "code=other"), ("ts=1", "ts=2"), ("10.50", "10.51")] {
        assert_ne!(robot(&bare.replace(from, to)).fingerprint(), without, "{from}");
    }
    for call in [ROBOT, &bare] {
        assert_ne!(robot(&call.replace("member_id]=m1", "member_id]=m2")).fingerprint(), robot(call).fingerprint());
    }
    let page = form(PAGE).fingerprint();
    assert_eq!(form(PAGE).fingerprint(), page);
    assert_ne!(form(&PAGE.replace("4cc3ss", "other")).fingerprint(), page);
}

#[test]
fn no_text_shows_a_token() {
    for body in [DEAL, ROBOT, PAGE] {
        let incoming = form(body);
        let shown = format!("{incoming:?} {incoming:#?} {:?} {:?}", incoming.auth(), incoming.fingerprint());
        for secret in ["4cc3ss", "r3fresh", "4ppt0ken", "3v3ntt0ken", "10.50", "p.bitrix24.com"] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
        assert!(shown.contains(incoming.name()) && shown.contains("member_id"), "{shown}");
    }
    // Nor does a token in the place of a name.
    let odd = event("event=A&auth[4cc3ss]=1&auth[user_id]=1");
    assert!(format!("{odd:?}").contains("1 more") && !format!("{odd:?}").contains("4cc3ss"));
    let error = event(&DEAL.replace("=5", "=5ecret")).data::<Id>().unwrap_err();
    assert!(!format!("{error:?} {error}").contains("5ecret"));
    let error = PageRequest::parse("", b"PLACEMENT_OPTIONS={\"ID\":\"5ecret\"}").unwrap().options::<Id>().unwrap_err();
    assert!(error.to_string().contains("ID") && !format!("{error:?} {error}").contains("5ecret"), "{error:?}");
}

proptest! {
    #[test]
    fn any_body_ends_in_a_value_or_an_error(body: Vec<u8>, start in 0_usize..4) {
        let mut whole = [&b""[..], b"event=a&", b"event_token=a&code=b&workflow_id=c&", b"AUTH_ID=a&"][start].to_vec();
        whole.extend_from_slice(&body);
        for encoding in [Encoding::Form, Encoding::Json] {
            let (first, second) = (Incoming::decode(encoding, &whole), Incoming::decode(encoding, &whole));
            match (first, second) {
                (Ok(first), Ok(second)) => prop_assert_eq!(first.fingerprint(), second.fingerprint()),
                (first, second) => prop_assert_eq!(first.err(), second.err()),
            }
        }
    }

    #[test]
    fn no_token_gets_into_a_text(before in "[a-z0-9=&%\\[\\]_]{0,60}", token in "[A-Z]{12}") {
        let body = format!("event=onx&{before}&auth[access_token]={token}&auth[application_token]={token}&AUTH_ID={token}");
        let shown = format!("{:?}", Incoming::decode(Encoding::Form, body.as_bytes()));
        prop_assert!(!shown.contains(&token), "{}", shown);
    }
}
