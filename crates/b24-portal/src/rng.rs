//! A stateless source of numbers: the same seed and words always give the same number.

/// Mixes a seed with words; every bit of the answer depends on every bit of the input (splitmix64's finaliser).
pub(crate) fn mix(seed: u64, words: &[u64]) -> u64 {
    words.iter().fold(finish(seed), |state, word| finish(state ^ word.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

/// A secret of 16 lower-case letters and digits, as the portal makes them for webhooks.
pub(crate) fn secret(seed: u64, index: u64) -> String {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    (0..16)
        .map(|place| {
            let letter = mix(seed, &[0x5EC_4E7, index, place]) % 36;
            char::from(ALPHABET[usize::try_from(letter).unwrap_or_default()])
        })
        .collect()
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
