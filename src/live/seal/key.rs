//! The key of a closed group: 32 bytes from a file, or made from a passphrase in it.

use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64, Base64Unpadded, Encoding};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The shortest passphrase, in characters: whoever records the group's packets may try as many as they like.
pub const PASSPHRASE_MIN: usize = 12;

const KEY: usize = 32;
/// A key file is short; a long one is some other file.
const FILE_MAX: u64 = 4096;
/// RFC 9106's second choice (64 MiB, three passes), with one lane: about a fifth of a second, once at each
/// start.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;

/// What the members of a closed group share.
#[derive(Clone)]
pub struct GroupKey {
    bytes: Zeroizing<[u8; KEY]>,
    exposed: bool,
}

/// Why a file is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read.
    #[error("{path}: the group's key cannot be read: {error}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is neither a key nor a passphrase.
    #[error(
        "{path}: {why}; a group's key is a passphrase of at least {PASSPHRASE_MIN} characters on one \
         line, or 32 random bytes: `head -c 32 /dev/urandom > {path}`"
    )]
    Unfit {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl GroupKey {
    /// The key in a file, for a group: 32 bytes as they are, as 64 hexadecimal digits or as base64; any other
    /// line of text is a passphrase and goes through argon2id.
    pub fn from_file(path: &Path, group: &str) -> Result<Self, KeyError> {
        let unreadable = |error| KeyError::Unreadable { path: path.to_owned(), error };
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if metadata.len() > FILE_MAX {
            return Err(KeyError::Unfit { path: path.to_owned(), why: "this is a long file" });
        }
        let content = Zeroizing::new(fs::read(path).map_err(unreadable)?);
        let bytes = read(&content, group).map_err(|why| KeyError::Unfit { path: path.to_owned(), why })?;
        Ok(Self { bytes, exposed: is_exposed(&metadata) })
    }

    /// A key that is already there.
    pub fn from_bytes(bytes: [u8; KEY]) -> Self {
        Self { bytes: Zeroizing::new(bytes), exposed: false }
    }

    /// Whether other users of this computer may read the file it comes from: worth a warning.
    pub fn is_exposed(&self) -> bool {
        self.exposed
    }

    pub(super) fn bytes(&self) -> &[u8; KEY] {
        &self.bytes
    }
}

/// Says nothing of the key.
impl fmt::Debug for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupKey")
    }
}

#[cfg(unix)]
fn is_exposed(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_exposed(_: &fs::Metadata) -> bool {
    false
}

/// What a file's content means. 32 bytes that happen to be text are a passphrase: of random ones hardly one
/// in 10^13 is.
fn read(content: &[u8], group: &str) -> Result<Zeroizing<[u8; KEY]>, &'static str> {
    let text = str::from_utf8(content).map(|text| text.trim_end_matches(['\r', '\n']));
    let line = text.ok().filter(|text| !text.chars().any(char::is_control));
    let Some(line) = line else {
        let bytes: Result<[u8; KEY], _> = content.try_into();
        return bytes.map(Zeroizing::new).map_err(|_| "this is neither one line of text nor 32 bytes");
    };
    if let Some(bytes) = from_hexadecimal(line).or_else(|| from_base64(line)) {
        return Ok(bytes);
    }
    if line.trim().is_empty() {
        return Err("this file is empty");
    }
    if line.chars().count() < PASSPHRASE_MIN {
        return Err("this passphrase is too short");
    }
    Ok(from_passphrase(line, group))
}

fn from_hexadecimal(line: &str) -> Option<Zeroizing<[u8; KEY]>> {
    if line.len() != 2 * KEY || !line.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = Zeroizing::new([0; KEY]);
    for (byte, digits) in bytes.iter_mut().zip(line.as_bytes().chunks(2)) {
        let digits = str::from_utf8(digits).expect("digits are text");
        *byte = u8::from_str_radix(digits, 16).expect("they are hexadecimal digits");
    }
    Some(bytes)
}

/// Base64 of exactly 32 bytes, with or without padding; other lengths are words.
fn from_base64(line: &str) -> Option<Zeroizing<[u8; KEY]>> {
    let mut bytes = Zeroizing::new([0; KEY]);
    let decoded = match line.len() {
        44 => Base64::decode(line, bytes.as_mut()),
        43 => Base64Unpadded::decode(line, bytes.as_mut()),
        _ => return None,
    };
    (decoded.ok()?.len() == KEY).then_some(bytes)
}

/// The salt is made from the group's name: members share nothing but the passphrase and that name, so a
/// random salt could not reach them. It still does what a salt is for: guesses tried against one group are of
/// no use against another, and one passphrase used for two groups gives two keys.
fn from_passphrase(passphrase: &str, group: &str) -> Zeroizing<[u8; KEY]> {
    let salt = blake3::derive_key("synod 2026-11 salt of a closed group", group.as_bytes());
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, Some(KEY)).expect("the costs are within argon2's bounds");
    let mut bytes = Zeroizing::new([0; KEY]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), &salt[..16], bytes.as_mut())
        .expect("a passphrase of a short file and a salt of 16 bytes are within argon2's bounds");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(content: &[u8]) -> Result<[u8; KEY], &'static str> {
        read(content, "room").map(|bytes| *bytes)
    }

    #[test]
    fn one_key_in_every_spelling_is_one_key() {
        let bytes: [u8; KEY] = std::array::from_fn(|place| (place as u8).wrapping_mul(73).wrapping_add(200));
        let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let base64 = Base64::encode_string(&bytes);
        assert_eq!(key(&bytes), Ok(bytes));
        assert_eq!(key(hexadecimal.as_bytes()), Ok(bytes));
        assert_eq!(key(format!("{}\r\n", hexadecimal.to_uppercase()).as_bytes()), Ok(bytes));
        assert_eq!(key(format!("{base64}\n").as_bytes()), Ok(bytes));
        assert_eq!(key(base64.trim_end_matches('=').as_bytes()), Ok(bytes));
    }

    #[test]
    fn a_passphrase_gives_a_key_for_each_group() {
        let phrase = "correct horse battery staple";
        let mine = *from_passphrase(phrase, "room");
        assert_eq!(key(format!("{phrase}\n").as_bytes()), Ok(mine), "the end of the line is no part of it");
        assert_ne!(*from_passphrase(phrase, "other room"), mine);
        assert_ne!(*from_passphrase("correct horse battery stable", "room"), mine);
        // Written down once: members with another release must come to the same key.
        let digits: String = mine[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digits, "e9cfadb19822524a");
    }

    #[test]
    fn text_of_32_characters_is_a_passphrase_and_not_a_key() {
        let phrase = "a passphrase of thirty-two bytes";
        assert_eq!(phrase.len(), KEY);
        assert_ne!(key(phrase.as_bytes()), Ok(phrase.as_bytes().try_into().expect("32 bytes")));
    }

    #[test]
    fn what_is_no_key_is_refused_with_a_reason() {
        assert_eq!(key(b""), Err("this file is empty"));
        assert_eq!(key(b"\n"), Err("this file is empty"));
        assert_eq!(key(b"short"), Err("this passphrase is too short"));
        assert_eq!(
            key(b"two lines are no\npassphrase"),
            Err("this is neither one line of text nor 32 bytes")
        );
        assert_eq!(key(&[0xff; 31]), Err("this is neither one line of text nor 32 bytes"));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = GroupKey::from_file(Path::new("/nowhere/key"), "room").expect_err("there is none");
        assert!(error.to_string().starts_with("/nowhere/key: the group's key cannot be read"), "{error}");
    }

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", GroupKey::from_bytes([7; KEY])), "GroupKey");
    }
}
