//! What every public type can do.

use std::fmt::Debug;

use b24_client::{
    Aggregate, Batch, Bulk, Call, Client, List, Tail,
    batch::{BatchReply, Handle},
    bulk::{BulkReport, BulkRow, BulkRows, LostChunk},
    list::{Page, Pages, Rows},
};

fn sent<T: Send + Debug>() {}
fn shared<T: Send + Sync + Debug>() {}

#[test]
fn types_can_be_sent_and_printed() {
    // A row that can only be sent.
    type Row = std::cell::Cell<u8>;
    shared::<Client>();
    shared::<Call>();
    shared::<Aggregate>();
    shared::<Batch>();
    shared::<BatchReply>();
    shared::<Handle<Row>>();
    sent::<Bulk<'_>>();
    sent::<BulkRows<'_, Row>>();
    sent::<BulkRow<Row>>();
    sent::<BulkReport<Row>>();
    shared::<LostChunk>();
    shared::<List<Row>>();
    shared::<Tail<Row>>();
    sent::<Page<Row>>();
    sent::<Pages<Row>>();
    sent::<Rows<Row>>();
}

fn future<F: Future + Send>(_: F) {}

#[allow(dead_code, reason = "that it compiles is the test")]
fn futures_can_be_sent(client: &Client) {
    future(client.v2().batch().send());
    future(client.v2().bulk(["profile"]).collect::<u8>());
    future(client.v2().list::<u8>("profile").collect());
    future(client.v3().tail::<u8>("profile").collect());
    future(client.health_check());
    future(client.ping());
}
