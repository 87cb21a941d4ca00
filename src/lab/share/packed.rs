//! Text in a link: deflated, in base 64.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use miniz_oxide::{deflate, inflate};

use super::LinkError;

/// The most bytes that a packed text may have when it is unpacked.
pub(super) const MOST_UNPACKED: usize = 2_000_000;

/// Packs a text.
pub(super) fn pack(text: &str) -> String {
    const SMALLEST: u8 = 9;

    BASE64_URL_SAFE_NO_PAD.encode(deflate::compress_to_vec(text.as_bytes(), SMALLEST))
}

/// Unpacks a text; stops at [`MOST_UNPACKED`] bytes, whatever is packed.
pub(super) fn unpack(packed: &str) -> Result<String, LinkError> {
    let damaged = |reason: String| LinkError::Packed { reason };
    let deflated = BASE64_URL_SAFE_NO_PAD.decode(packed).map_err(|error| damaged(error.to_string()))?;
    let bytes =
        inflate::decompress_to_vec_with_limit(&deflated, MOST_UNPACKED).map_err(|error| {
            match error.status {
                inflate::TINFLStatus::HasMoreOutput => LinkError::TooLong {
                    what: "the link's scenario",
                    length: error.output.len(),
                    most: MOST_UNPACKED,
                },
                _ => damaged(error.to_string()),
            }
        })?;
    String::from_utf8(bytes).map_err(|error| damaged(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_unpacks() {
        for text in ["", "{}", "\u{b5}s", &"gossip ".repeat(10_000)] {
            let packed = pack(text);
            assert!(packed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            assert_eq!(unpack(&packed).unwrap(), text);
        }
        assert!(pack(&"gossip ".repeat(10_000)).len() < 300);
    }

    #[test]
    fn a_small_link_cannot_fill_the_memory() {
        let bomb = pack(&" ".repeat(MOST_UNPACKED + 1));
        assert!(bomb.len() < 4_000);
        let error = unpack(&bomb).unwrap_err();
        assert!(matches!(error, LinkError::TooLong { most: MOST_UNPACKED, .. }), "{error}");
        assert_eq!(unpack(&pack(&" ".repeat(MOST_UNPACKED))).unwrap().len(), MOST_UNPACKED);
    }

    #[test]
    fn what_is_cut_off_or_changed_is_told() {
        let packed = pack(&crate::experiment::catalog::find("final-sleep").unwrap().to_json());
        for damaged in [&packed[..packed.len() / 2], "!", "A", "____", ""] {
            let error = unpack(damaged).unwrap_err().to_string();
            assert!(error.starts_with("the link's scenario is damaged ("), "{damaged}: {error}");
            assert!(error.ends_with("copy the whole link again"), "{error}");
        }
    }
}
