//! A stateless source of numbers: the same seed and words always give the same number.

/// Mixes a seed with words; every bit of the answer depends on every bit of the input (splitmix64's finaliser).
pub(crate) fn mix(seed: u64, words: &[u64]) -> u64 {
    words.iter().fold(finish(seed), |state, word| finish(state ^ word.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

/// What a secret is for: secrets of different kinds never meet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Secret {
    Webhook = 0x5EC_4E7,
    ClientId,
    ClientKey,
    ApplicationToken,
    MemberId,
    AppSid,
    Code,
    Access,
    Refresh,
    OutgoingWebhook,
    ProcessId,
    EventToken,
    Forged,
}

/// A secret of 16 lower-case letters and digits, as the portal makes them for webhooks.
pub(crate) fn secret(seed: u64, index: u64) -> String {
    letters(seed, Secret::Webhook, index, 16)
}

/// So many lower-case letters and digits.
pub(crate) fn letters(seed: u64, kind: Secret, index: u64, length: u64) -> String {
    text(b"abcdefghijklmnopqrstuvwxyz0123456789", seed, kind, index, length)
}

/// So many hexadecimal digits.
pub(crate) fn hex(seed: u64, kind: Secret, index: u64, length: u64) -> String {
    text(b"0123456789abcdef", seed, kind, index, length)
}

/// 32 hexadecimal digits that stand for some bytes.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let half = |seed| {
        let start = mix(seed, &[bytes.len() as u64]);
        bytes.chunks(8).fold(start, |state, chunk| {
            let word = chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
            mix(state, &[word])
        })
    };
    format!("{:016x}{:016x}", half(1), half(2))
}

fn text(alphabet: &[u8], seed: u64, kind: Secret, index: u64, length: u64) -> String {
    let letter = |place| {
        let at = mix(seed, &[kind as u64, index, place]) % alphabet.len() as u64;
        char::from(alphabet[usize::try_from(at).unwrap_or_default()])
    };
    (0..length).map(letter).collect()
}

fn finish(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_depend_on_the_seed_and_nothing_else() {
        assert_eq!(secret(1, 0), secret(1, 0));
        assert_ne!(secret(1, 0), secret(2, 0));
        assert_ne!(secret(1, 0), secret(1, 1));
        assert_eq!(secret(1, 0).len(), 16);
    }
}
