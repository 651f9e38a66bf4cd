//! What an application does with the page around it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::future::Future;

use serde_json::{Map, Value, json};

use crate::{
    Delivery, Frame, FrameError,
    dialog::Kind,
    options::Setting,
    slider::{Ended, Width},
    testing::{Page, Told, init},
};

/// Does something, while the page answers the one command that comes of it.
async fn with_answer<T>(page: &mut Page, answer: Value, act: impl Future<Output = T>) -> (Told, T) {
    let answered = async {
        let told = page.told().await;
        page.answer(&told, &answer);
        told
    };
    let (outcome, told) = tokio::join!(act, answered);
    (told, outcome)
}

fn said(told: &Told) -> (&str, Value) {
    let payload = if told.payload.is_empty() { Value::Null } else { serde_json::from_str(&told.payload).unwrap() };
    (told.command.as_str(), payload)
}

#[tokio::test(start_paused = true)]
async fn a_frame_knows_what_it_was_opened_with() {
    let (_page, frame) = Page::with_frame(&init()).await;
    assert_eq!(frame.portal().to_string(), "https://p.bitrix24.com");
    assert_eq!((frame.app_sid(), frame.member_id(), frame.language()), ("sid", "m1", "de"));
    assert!(frame.is_admin() && !frame.is_installing() && !frame.is_first_run());
    let place = frame.placement();
    assert_eq!((place.code(), place.is_default(), place.is_slider()), ("CRM_DEAL_DETAIL_TAB", false, false));
    assert_eq!(place.options()["ID"], "5");
}

#[tokio::test(start_paused = true)]
async fn the_first_run_is_told_to_the_page() {
    let mut page = Page::new();
    let mut first = init();
    first["FIRST_RUN"] = json!(true);
    let talk = page.conversation.clone();
    let start = tokio::time::Instant::now();
    let (_, frame) = with_answer(&mut page, first, Frame::open(talk)).await;
    assert!(frame.unwrap().is_first_run());
    let told = page.told().await;
    assert_eq!(said(&told), ("setInstall", json!({ "install": true })));
    // Whatever it says to that, and be it nothing.
    assert!(start.elapsed().is_zero());
    assert_eq!(page.say(&format!("{}:{{", told.key)), crate::conversation::Received::Unknown);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_never_answers_ends_the_opening() {
    let page = Page::new();
    assert!(matches!(Frame::open(page.conversation.clone()).await, Err(FrameError::NoAnswer { .. })));
    let mut page = Page::new();
    let (_, opened) = {
        let open = Frame::open(page.conversation.clone());
        with_answer(&mut page, json!({ "LANG": "en" }), open).await
    };
    assert!(matches!(opened, Err(FrameError::BadAnswer { .. })));
}

#[tokio::test(start_paused = true)]
async fn an_installation_is_finished_once() {
    let mut installing = init();
    installing["INSTALL"] = json!(true);
    let (mut page, frame) = Page::with_frame(&installing).await;
    assert!(frame.is_installing());
    let (told, done) = with_answer(&mut page, json!(null), frame.install_finish()).await;
    assert_eq!((told.command.as_str(), done), ("setInstallFinish", Ok(())));
    assert!(!frame.is_installing());
    assert_eq!(frame.install_finish().await, Err(FrameError::InstallFinished));
    assert!(page.is_quiet());
}

#[tokio::test(start_paused = true)]
async fn an_installation_that_could_not_be_finished_is_still_there() {
    let mut installing = init();
    installing["INSTALL"] = json!(true);
    let (_page, frame) = Page::with_frame(&installing).await;
    frame.destroy();
    assert_eq!(frame.install_finish().await, Err(FrameError::Destroyed));
    assert!(frame.is_installing());
}

#[tokio::test(start_paused = true)]
async fn the_page_is_told_what_to_do() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let parent = frame.parent();
    macro_rules! tells {
        ($act:expr, $command:literal, $payload:tt) => {
            let (told, delivery) = with_answer(&mut page, json!("ok"), $act).await;
            assert_eq!(said(&told), ($command, json!($payload)));
            assert_eq!(delivery, Ok(Delivery::Answered(json!("ok"))));
        };
    }
    tells!(parent.resize(300, 200), "resizeWindow", { "width": 300, "height": 200 });
    tells!(parent.resize_height(200), "resizeWindow", { "width": "100%", "height": 200 });
    tells!(parent.scroll_to(7), "setScroll", { "scroll": 7 });
    tells!(parent.set_title("Deals: all"), "setTitle", { "title": "Deals: all" });
    tells!(parent.reload(), "reloadWindow", null);
    tells!(parent.close(), "closeApplication", null);
    tells!(parent.call_user(5, true), "imCallTo", { "userId": 5, "video": true });
    tells!(parent.call_phone("+49 1", None), "imPhoneTo", { "phone": "+49 1" });
    tells!(parent.call_phone("+49 1", Some(json!({ "a": 1 }))), "imPhoneTo", { "phone": "+49 1", "params": { "a": 1 } });
    tells!(parent.open_messenger("chat1", None), "imOpenMessenger", { "dialogId": "chat1" });
    tells!(parent.open_messenger("chat1", Some(3)), "imOpenMessenger", { "dialogId": "chat1", "messageId": 3 });
    tells!(parent.open_history("5"), "imOpenHistory", { "dialogId": "5" });
    tells!(frame.slider().close_app(), "closeApplication", null);
    assert_eq!(parent.resize(0, 1).await.unwrap_err().code().as_str(), "INVALID_PARAMS");
    assert!(page.is_quiet());
}

#[tokio::test(start_paused = true)]
async fn a_slider_tells_how_it_ended() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let slider = frame.slider();
    for (answer, want) in [
        (json!({ "result": "close" }), Ok(Ended::Closed)),
        (json!({ "result": "open" }), Ok(Ended::Unknown)),
        (json!(null), Ok(Ended::Unknown)),
        (json!({ "result": "error", "errorCode": "METHOD_NOT_SUPPORTED_ON_DEVICE" }), Err("FRAME_REFUSED")),
    ] {
        let (told, ended) = with_answer(&mut page, answer, slider.open_path("/crm/deal/", Width::Full)).await;
        let path = "/crm/deal/../../crm/deal/?IFRAME=Y&IFRAME_TYPE=SIDE_SLIDER";
        assert_eq!(said(&told), ("openPath", json!({ "path": path })));
        assert_eq!(ended.map_err(|error| error.code().as_str()), want);
    }
    let params: Map<String, Value> = json!({ "deal": 5 }).as_object().unwrap().clone();
    let (told, answer) = with_answer(&mut page, json!("closed"), slider.open_app(params)).await;
    assert_eq!((said(&told), answer.unwrap()), (("openApplication", json!({ "deal": 5 })), json!("closed")));
    assert_eq!(slider.url("/crm/").unwrap(), "https://p.bitrix24.com/crm/");
}

#[tokio::test(start_paused = true)]
async fn users_come_alone_in_a_list_or_not_at_all() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let dialog = frame.dialog();
    let anna = json!({ "id": 5, "name": "Anna", "position": null });
    for (answer, want) in [
        (anna.clone(), Some("5")),
        (json!([anna]), Some("5")),
        (json!({ "0": anna }), Some("5")),
        (json!([]), None),
        (json!(null), None),
    ] {
        let (told, user) = with_answer(&mut page, answer, dialog.select_user()).await;
        assert_eq!(said(&told), ("selectUser", json!({ "mult": false })));
        assert_eq!(user.unwrap().map(|user| user.id).as_deref(), want);
    }
    let (told, users) = with_answer(&mut page, json!([{ "id": "1" }, { "id": "2" }]), dialog.select_users()).await;
    assert_eq!((told.payload.as_str(), users.unwrap().len()), (r#"{"mult":true}"#, 2));
    let twelve: Map<_, _> = (0..12).map(|number| (number.to_string(), json!({ "id": number }))).collect();
    let (_, users) = with_answer(&mut page, twelve.into(), dialog.select_users()).await;
    let ids: Vec<_> = users.unwrap().into_iter().map(|user| user.id).collect();
    assert_eq!(ids, (0..12).map(|number| number.to_string()).collect::<Vec<_>>());
    let (_, users) = with_answer(&mut page, json!([{ "name": "nobody" }]), dialog.select_users()).await;
    assert_eq!(users.unwrap_err().code().as_str(), "FRAME_BAD_ANSWER");
    let (told, rights) =
        with_answer(&mut page, json!([{ "id": "U1", "name": "Anna" }]), dialog.select_access(&["G2"])).await;
    assert_eq!((said(&told), rights.unwrap().len()), (("selectAccess", json!({ "value": ["G2"] })), 1));
}

#[tokio::test(start_paused = true)]
async fn kinds_of_the_crm_that_were_not_offered_stay_absent() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let dialog = frame.dialog();
    let answer = json!({
        "deal": [{ "id": "D_5", "title": "Five" }], "contact": { "0": { "id": "C_1" } }, "lead": [], "quote": null,
    });
    let select = dialog.select_crm(&[Kind::Deal, Kind::Contact], true, &[(Kind::Deal, 5), (Kind::Deal, 6)]);
    let (told, chosen) = with_answer(&mut page, answer, select).await;
    let want = json!({ "entityType": ["deal", "contact"], "multiple": true, "value": { "deal": [5, 6] } });
    assert_eq!(said(&told), ("selectCRM", want));
    let chosen = chosen.unwrap();
    assert_eq!(chosen.deal.unwrap()[0].id, "D_5");
    assert_eq!(chosen.contact.unwrap()[0].id, "C_1");
    assert_eq!((chosen.lead, chosen.company, chosen.quote), (Some(vec![]), None, None));
    let (_, nothing) = with_answer(&mut page, json!(null), dialog.select_crm(&[Kind::Deal], false, &[])).await;
    assert_eq!(nothing.unwrap(), Default::default());
    assert!(dialog.select_crm(&[], false, &[]).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn options_that_are_empty_zero_or_no_are_set() {
    let mut opened = init();
    opened["APP_OPTIONS"] = json!({
        "empty": "", "zero": "0", "no": "N", "yes": "Y", "ratio": "1.5", "odd": "x", "gone": null, "number": 7,
        "at": "2026-08-20T12:52:22+03:00", "list": "[1,2]", "map": { "a": 1 },
    });
    let (_page, frame) = Page::with_frame(&opened).await;
    let app = frame.app_options();
    assert_eq!(app.text("empty").as_deref(), Some(""));
    assert_eq!((app.integer("zero"), app.integer("number"), app.integer("odd")), (Some(0), Some(7), None));
    assert_eq!(
        (app.flag("yes"), app.flag("no"), app.flag("zero"), app.flag("odd")),
        (Some(true), Some(false), Some(false), None)
    );
    assert_eq!((app.number("ratio"), app.text("gone"), app.text("absent")), (Some(1.5), None, None));
    assert_eq!(app.date_time("at").unwrap().to_string(), "2026-08-20T12:52:22+03:00");
    assert_eq!(app.json::<Vec<u8>>("list"), Some(vec![1, 2]));
    assert_eq!(app.json::<Value>("map"), Some(json!({ "a": 1 })));
}

#[tokio::test(start_paused = true)]
async fn a_user_option_goes_to_the_user_and_not_to_the_application() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let user = frame.user_options();
    let (told, _) = with_answer(&mut page, json!(null), user.set("wide", true)).await;
    assert_eq!(said(&told), ("setUserOption", json!({ "name": "wide", "value": "Y" })));
    assert_eq!((user.flag("wide"), frame.app_options().get("wide")), (Some(true), None));
    let setting = Setting::json(&json!([1, 2])).unwrap();
    let (told, _) = with_answer(&mut page, json!(null), frame.app_options().set("ids", setting)).await;
    assert_eq!(said(&told), ("setAppOption", json!({ "name": "ids", "value": "[1,2]" })));
    assert_eq!(frame.app_options().json::<Vec<u8>>("ids"), Some(vec![1, 2]));
    let (told, _) = with_answer(&mut page, json!(null), user.set("count", 5)).await;
    assert_eq!((said(&told).1["value"].clone(), user.integer("count")), (json!("5"), Some(5)));
    // What could not be sent is not set.
    frame.destroy();
    assert_eq!(user.set("wide", false).await, Err(FrameError::Destroyed));
    assert_eq!(user.flag("wide"), Some(true));
}

#[tokio::test(start_paused = true)]
async fn settings_have_the_value_that_was_sent_last() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let user = frame.user_options();
    // The first is not answered, the second is given up, the third is answered before the first one's time is over.
    let first = user.set("tab", "one");
    let others = async {
        assert!(tokio::time::timeout(std::time::Duration::from_millis(1), user.set("tab", "two")).await.is_err());
        assert_eq!(user.text("tab").as_deref(), Some("two"));
        let (_, _) = (page.told().await, page.told().await);
        with_answer(&mut page, json!(null), user.set("tab", "three")).await
    };
    let (first, (told, _)) = tokio::join!(first, others);
    assert_eq!(first, Ok(Delivery::Posted));
    assert_eq!(said(&told), ("setUserOption", json!({ "name": "tab", "value": "three" })));
    assert_eq!(user.text("tab").as_deref(), Some("three"));
}

#[tokio::test(start_paused = true)]
async fn a_placement_has_commands_and_events_of_its_own() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let place = frame.placement();
    let (told, answer) = with_answer(&mut page, json!({ "event": ["x"] }), place.interface()).await;
    assert_eq!((said(&told), answer.unwrap()), (("getInterface", Value::Null), json!({ "event": ["x"] })));
    let (told, _) = with_answer(&mut page, json!(null), place.call("getStatus", json!({ "id": 1 }))).await;
    assert_eq!(said(&told), ("getStatus", json!({ "id": 1 })));
    let (told, _) = with_answer(&mut page, json!(null), place.call("crm:reload", ())).await;
    assert_eq!((told.command.as_str(), told.payload.as_str()), ("crm:reload", r#""""#));
    let (told, _) = with_answer(&mut page, json!(null), place.post("getStatus", "one option")).await;
    assert_eq!(said(&told), ("getStatus", json!("one option")));
    // https://apidocs.bitrix24.com/api-reference/widgets/user-field/index.html
    let (told, _) = with_answer(&mut page, json!(null), place.set_value(json!({ "a": ":" }))).await;
    assert_eq!((told.command.as_str(), told.payload.as_str()), ("setValue", r#"{"a":":"}"#));
    let mut events = place.bind_event("Saved").unwrap();
    let told = page.told().await;
    assert_eq!(said(&told), ("placementBindEvent", json!({ "event": "Saved" })));
    page.answer(&told, &json!({ "id": 1 }));
    page.answer(&told, &json!({ "id": 2 }));
    assert_eq!((events.next().await, events.next().await), (Some(json!({ "id": 1 })), Some(json!({ "id": 2 }))));
    assert!(place.call("", ()).await.is_err());
}
