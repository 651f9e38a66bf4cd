//! What a form says.

use std::collections::BTreeMap;

/// A form, read the plain way.
pub fn read(form: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let mut bytes = text.bytes();
        let mut out = Vec::new();
        while let Some(byte) = bytes.next() {
            out.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits = [bytes.next().expect("a digit"), bytes.next().expect("a digit")];
                    u8::from_str_radix(std::str::from_utf8(&digits).expect("ASCII"), 16).expect("a byte")
                }
                byte => byte,
            });
        }
        String::from_utf8(out).expect("UTF-8")
    };
    form.split('&').filter_map(|pair| pair.split_once('=')).map(|(a, b)| (decode(a), decode(b))).collect()
}
