//! Stable storage: what a node saved survives its crash whole, or is reported as broken; it is never silently
//! something else.
//!
//! One file for each node, `NODE.stable`, with a header line and the saved JSON below it:
//!
//! ```text
//! synod-stable 1 BLAKE3-OF-ALL-THAT-FOLLOWS {"node":"alice","group":"room","algorithm":"paxos","bytes":37,"saves":3}
//! {"promised":[3,1],"text":"two lines"}
//! ```
//!
//! Saving writes a file beside it, syncs that, renames it over the old one and syncs the folder. A crash at
//! any moment leaves the old content or the new one; what it leaves of the file beside is thrown away at the
//! next start. `saves` counts what the node has ever saved: its journal, which is written first, may know of more.

use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

const MAGIC: &str = "synod-stable";
const VERSION: &str = "1";
/// The longest part of a file's name that is the node's; longer names are cut and told apart by a hash.
const NAME_MAX: usize = 100;

/// Whose storage it is. Content of another node, group or algorithm means nothing here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Owner {
    /// The node.
    pub node: String,
    /// Its group.
    pub group: String,
    /// What it runs.
    pub algorithm: String,
}

/// The file of one node, held for as long as this lives.
#[derive(Debug)]
pub struct Storage {
    owner: Owner,
    folder: PathBuf,
    path: PathBuf,
    /// Where the next content is written before it takes the place of the old.
    beside: PathBuf,
    /// Keeps a second process of this node out; the system lets go of it however this one ends.
    _lock: File,
}

/// Why what was saved cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The folder or a file cannot be used.
    #[error("{path}: {error}; the node needs a folder it may write to")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process has it.
    #[error("{path}: node `{node}` is already running with this storage; stop it, or choose another folder")]
    InUse {
        /// Which file.
        path: PathBuf,
        /// Whose.
        node: String,
    },
    /// It is not what was saved.
    #[error(
        "{path}: this stable storage is damaged: {why}; restore the file, or remove it and the \
         journal to start `{node}` as new"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Whose.
        node: String,
        /// What is wrong.
        why: String,
    },
    /// It is whole, but somebody else's.
    #[error(
        "{path}: this stable storage is of {what} `{found}`, not `{wanted}`; choose another folder, or \
         remove the file to start as new"
    )]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// In what it differs: node, group or algorithm.
        what: &'static str,
        /// What it says.
        found: String,
        /// What was expected.
        wanted: String,
    },
    /// It was written by a later release.
    #[error(
        "{path}: this stable storage has version {found}; this synod reads version {VERSION}: use a newer one"
    )]
    Version {
        /// Which file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
}

/// What the header line says, besides the checksum.
#[derive(Serialize, Deserialize)]
struct Header {
    #[serde(flatten)]
    owner: Owner,
    bytes: usize,
    #[serde(default)]
    saves: u64,
}

impl Storage {
    /// Opens the storage of a node, makes the folder when there is none, and throws away what a crash left
    /// half written.
    pub fn open(folder: &Path, owner: Owner) -> Result<Self, StorageError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| StorageError::Io { path, error }
        };
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let file = file_name(&owner.node);
        let path = folder.join(format!("{file}.stable"));
        let beside = folder.join(format!("{file}.stable.new"));
        let lock = lock(&folder.join(format!("{file}.lock")), &path, &owner.node)?;
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&beside)(error)),
            Ok(()) | Err(_) => {}
        }
        Ok(Self { owner, folder: folder.to_owned(), path, beside, _lock: lock })
    }

    /// What was saved last, or nothing if nothing ever was.
    pub fn load(&self) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.load_numbered()?.map(|(saved, _)| saved))
    }

    /// What was saved last, and how many times the node had saved anything then; or nothing if nothing ever was.
    pub fn load_numbered(&self) -> Result<Option<(Vec<u8>, u64)>, StorageError> {
        let content = match fs::read(&self.path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StorageError::Io { path: self.path.clone(), error }),
        };
        self.read(&content).map(|(saved, number)| Some((saved.to_vec(), number)))
    }

    /// Replaces what was saved, for the time with this number. When this returns, the new content is on the disk.
    ///
    /// After an error nobody knows which content the disk has: the node must stop, as if it had crashed
    /// before.
    pub fn save(&mut self, json: &[u8], number: u64) -> io::Result<()> {
        let mut file = File::create(&self.beside)?;
        file.write_all(&written(&self.owner, json, number))?;
        file.sync_all()?;
        drop(file);
        fs::rename(&self.beside, &self.path)?;
        sync_folder(&self.folder)
    }

    /// Removes what was saved, as for a node that starts as new.
    pub fn clear(&mut self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => sync_folder(&self.folder),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn read<'a>(&self, content: &'a [u8]) -> Result<(&'a [u8], u64), StorageError> {
        let damaged = |why: &str| self.damaged(why);
        let after = content.strip_prefix(MAGIC.as_bytes()).and_then(|rest| rest.strip_prefix(b" "));
        let after = after.ok_or_else(|| damaged("it does not begin as one"))?;
        let (version, after) = word(after).ok_or_else(|| damaged("it ends in its first line"))?;
        if version != VERSION.as_bytes() {
            return Err(match str::from_utf8(version).ok().filter(|text| text.parse::<u32>().is_ok()) {
                Some(found) => StorageError::Version { path: self.path.clone(), found: found.to_owned() },
                None => damaged("it has no version"),
            });
        }
        let (checksum, after) = word(after).ok_or_else(|| damaged("it ends in its first line"))?;
        if checksum != blake3::hash(after).to_hex().as_bytes() {
            return Err(damaged("its checksum does not fit; it was cut, changed, or written in part"));
        }
        let end =
            after.iter().position(|byte| *byte == b'\n').ok_or_else(|| damaged("it has one line only"))?;
        let header: Header = serde_json::from_slice(&after[..end])
            .map_err(|error| damaged(&format!("its first line cannot be read: {error}")))?;
        let saved = &after[end + 1..];
        if saved.len() != header.bytes {
            return Err(damaged("it has another length than its first line says"));
        }
        self.compare(&header.owner)?;
        Ok((saved, header.saves))
    }

    fn compare(&self, found: &Owner) -> Result<(), StorageError> {
        let pairs = [
            ("node", &found.node, &self.owner.node),
            ("group", &found.group, &self.owner.group),
            ("algorithm", &found.algorithm, &self.owner.algorithm),
        ];
        let Some((what, found, wanted)) = pairs.into_iter().find(|(_, found, wanted)| found != wanted) else {
            return Ok(());
        };
        let found = found.escape_debug().collect();
        Err(StorageError::Foreign { path: self.path.clone(), what, found, wanted: wanted.clone() })
    }

    fn damaged(&self, why: &str) -> StorageError {
        StorageError::Damaged { path: self.path.clone(), node: self.owner.node.clone(), why: why.to_owned() }
    }
}

/// The file as it is on the disk.
fn written(owner: &Owner, json: &[u8], saves: u64) -> Vec<u8> {
    let header = Header { owner: owner.clone(), bytes: json.len(), saves };
    let mut hashed = serde_json::to_vec(&header).expect("a header of texts and a number can be written");
    hashed.push(b'\n');
    hashed.extend_from_slice(json);
    let mut content = format!("{MAGIC} {VERSION} {} ", blake3::hash(&hashed).to_hex()).into_bytes();
    content.extend_from_slice(&hashed);
    content
}

/// What is before the next space, and what is behind it.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = text.iter().position(|byte| *byte == b' ')?;
    Some((&text[..space], &text[space + 1..]))
}

/// A node's name as a file's: anything that could mean something to a file system is written as `%XX`.
///
/// Capital letters too, for file systems that do not tell `Bob` from `bob`.
fn file_name(node: &str) -> String {
    let mut name = String::new();
    for byte in node.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    if name.len() > NAME_MAX {
        let hash = blake3::hash(node.as_bytes()).to_hex();
        name.truncate(NAME_MAX);
        name.push_str(&format!("-{}", &hash[..16]));
    }
    name
}

#[cfg(unix)]
fn lock(at: &Path, path: &Path, node: &str) -> Result<File, StorageError> {
    use rustix::{
        fs::{FlockOperation, flock},
        io::Errno,
    };
    let failed = |error| StorageError::Io { path: at.to_owned(), error };
    let file = File::options().create(true).truncate(false).write(true).open(at).map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(StorageError::InUse { path: path.to_owned(), node: node.to_owned() }),
        Err(error) => Err(failed(error.into())),
    }
}

#[cfg(not(unix))]
fn lock(at: &Path, _: &Path, _: &str) -> Result<File, StorageError> {
    let failed = |error| StorageError::Io { path: at.to_owned(), error };
    File::options().create(true).truncate(false).write(true).open(at).map_err(failed)
}

/// A rename is on the disk only once the folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A folder that goes away with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("synod-storage-{}-{number}", std::process::id()));
            fs::create_dir_all(&path).expect("a folder can be made");
            Self(path)
        }

        fn open(&self, node: &str, algorithm: &str) -> Result<Storage, StorageError> {
            Storage::open(
                &self.0,
                Owner { node: node.into(), group: "room".into(), algorithm: algorithm.into() },
            )
        }

        fn storage(&self) -> Storage {
            self.open("alice", "paxos").expect("it opens")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _gone = fs::remove_dir_all(&self.0);
        }
    }

    const SAVED: &[u8] = br#"{"promised":[3,1],"text":"two\nlines"}"#;

    #[test]
    fn what_was_saved_last_is_there_after_a_restart() {
        let folder = Folder::new();
        let mut storage = folder.storage();
        assert_eq!(storage.load().expect("it loads"), None);
        for content in [&b"1"[..], SAVED, b"", b"\n\n", SAVED] {
            storage.save(content, 1).expect("it saves");
            assert_eq!(storage.load().expect("it loads").as_deref(), Some(content));
        }
        drop(storage);
        let mut storage = folder.storage();
        assert_eq!(storage.load().expect("it loads").as_deref(), Some(SAVED));
        storage.clear().expect("it clears");
        storage.clear().expect("it is clear");
        assert_eq!(storage.load().expect("it loads"), None);
    }

    #[test]
    fn a_file_cut_at_any_byte_is_damaged() {
        let folder = Folder::new();
        let mut storage = folder.storage();
        storage.save(SAVED, 1).expect("it saves");
        let whole = fs::read(storage.path()).expect("it is there");
        for length in 0..whole.len() {
            fs::write(storage.path(), &whole[..length]).expect("it can be cut");
            let error = storage.load().expect_err("it was cut");
            assert!(matches!(error, StorageError::Damaged { .. }), "at {length}: {error}");
            assert!(
                error.to_string().contains("alice.stable")
                    && error.to_string().contains("remove it and the journal")
            );
        }
        fs::write(storage.path(), [&whole[..], b" "].concat()).expect("it can be made longer");
        assert!(matches!(storage.load(), Err(StorageError::Damaged { .. })));
        fs::write(storage.path(), &whole).expect("it can be restored");
        assert_eq!(storage.load().expect("it loads").as_deref(), Some(SAVED));
    }

    #[test]
    fn a_change_of_any_bit_is_noticed() {
        let folder = Folder::new();
        let mut storage = folder.storage();
        storage.save(SAVED, 1).expect("it saves");
        let whole = fs::read(storage.path()).expect("it is there");
        for place in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[place] ^= 1 << bit;
                fs::write(storage.path(), &changed).expect("it can be changed");
                let error = storage.load().expect_err("it was changed");
                let expected = matches!(error, StorageError::Damaged { .. } | StorageError::Version { .. });
                assert!(expected, "byte {place}, bit {bit}: {error}");
            }
        }
    }

    #[test]
    fn the_storage_of_another_node_group_or_algorithm_is_not_taken() {
        let folder = Folder::new();
        folder.storage().save(SAVED, 1).expect("it saves");
        let error = folder.open("alice", "raft").expect("it opens").load().expect_err("it is of paxos");
        assert!(error.to_string().contains("of algorithm `paxos`, not `raft`"), "{error}");
        let bob = folder.open("bob", "paxos").expect("it opens");
        assert_eq!(bob.load().expect("it loads"), None, "each node has its own file");
        fs::copy(folder.0.join("alice.stable"), bob.path()).expect("it can be copied");
        let error = bob.load().expect_err("it is of alice");
        assert!(error.to_string().contains("of node `alice`, not `bob`"), "{error}");
        let owner = Owner { node: "alice".into(), group: "hall".into(), algorithm: "paxos".into() };
        let error = Storage::open(&folder.0, owner).expect("it opens").load().expect_err("it is of room");
        assert!(error.to_string().contains("of group `room`, not `hall`"), "{error}");
    }

    #[test]
    fn a_later_version_is_named() {
        let folder = Folder::new();
        let mut storage = folder.storage();
        storage.save(SAVED, 1).expect("it saves");
        let later = fs::read_to_string(storage.path()).expect("it is text").replacen(" 1 ", " 2 ", 1);
        fs::write(storage.path(), later).expect("it can be written");
        assert!(matches!(storage.load(), Err(StorageError::Version { found, .. }) if found == "2"));
    }

    #[test]
    fn a_crash_while_saving_leaves_the_old_content() {
        let folder = Folder::new();
        let mut storage = folder.storage();
        storage.save(SAVED, 1).expect("it saves");
        let newer = written(&storage.owner, b"newer", 2);
        drop(storage);
        let beside = folder.0.join("alice.stable.new");
        for half in [&b""[..], b"synod-stable 1 ", &newer[..]] {
            fs::write(&beside, half).expect("it can be written");
            let mut storage = folder.storage();
            assert!(!beside.exists(), "what is half written is thrown away");
            assert_eq!(storage.load().expect("it loads").as_deref(), Some(SAVED));
            storage.save(SAVED, 1).expect("it saves");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let folder = Folder::new();
        let file = folder.0.join("file");
        fs::write(&file, "").expect("it can be written");
        let owner = Owner { node: "alice".into(), group: "room".into(), algorithm: "paxos".into() };
        let error = Storage::open(&file.join("below"), owner).expect_err("a file is no folder");
        assert!(error.to_string().contains("below"), "{error}");
        let mut storage = folder.storage();
        fs::create_dir(storage.beside.clone()).expect("it can be made");
        assert!(storage.save(SAVED, 1).is_err(), "an error is told, not swallowed");
    }

    #[cfg(unix)]
    #[test]
    fn two_processes_of_one_node_do_not_share_storage() {
        let folder = Folder::new();
        let first = folder.storage();
        let error = folder.open("alice", "paxos").expect_err("it is in use");
        assert!(matches!(&error, StorageError::InUse { node, .. } if node == "alice"), "{error}");
        assert!(folder.open("bob", "paxos").is_ok());
        drop(first);
        assert!(folder.open("alice", "paxos").is_ok());
    }

    #[test]
    fn no_name_of_a_node_leaves_the_folder_or_meets_another() {
        let long = "x".repeat(300);
        let names =
            ["bob", "Bob", "..", "a/b", "a%2Fb", "", "grüße", "a b", "nul", &long, &format!("{long}y")];
        let files: Vec<String> = names.iter().map(|name| file_name(name)).collect();
        for (place, file) in files.iter().enumerate() {
            assert!(!file.contains(['/', '\\', '.', ':']) && file.len() < 130, "{file}");
            assert!(!files[place + 1..].iter().any(|other| other.eq_ignore_ascii_case(file)), "{file}");
        }
    }
}
