//! The office's keys: what seals, what finds a person by number, and the key of each subject.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use xinzhi_store::{Entropy, Fault};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const FILE: &str = "office.key";

/// Whether there is an office already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Its database has been founded.
    Yes,
    /// It is being founded now.
    No,
}

/// A 256-bit key. `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; KEY_BYTES]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(***)")
    }
}

impl Key {
    /// A new key.
    pub fn generate(entropy: &dyn Entropy) -> Key {
        let mut bytes = [0; KEY_BYTES];
        entropy.fill(&mut bytes);
        Key(bytes)
    }

    /// Seals `plain`; `place` is bound in, so that a sealed value cannot be moved to another row. Nonce first, then cipher text.
    pub fn seal(&self, entropy: &dyn Entropy, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut nonce = [0; NONCE_BYTES];
        entropy.fill(&mut nonce);
        let cipher = Aes256Gcm::new(&self.0.into());
        let sealed = cipher.encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: place });
        let sealed = sealed.map_err(|_| Fault::Inconsistent("a value could not be sealed".to_owned()))?;
        let mut result = nonce.to_vec();
        result.extend(sealed);
        Ok(result)
    }

    /// Opens what [`Key::seal`] made for the same `place`.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let damaged = || Fault::Inconsistent("a sealed value does not open".to_owned());
        let (nonce, text) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| damaged())?;
        Aes256Gcm::new(&self.0.into()).decrypt(&Nonce::from(nonce), Payload { msg: text, aad: place }).map_err(|_| damaged())
    }
}

/// The keys of an office, kept in a file beside the database and never inside it.
#[derive(Clone)]
pub struct Keys {
    seal: Key,
    index: Key,
    /// The keyed digest with its key already taken in: half the work of a short one.
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(***)")
    }
}

impl Keys {
    /// Reads the keys below `directory`, or makes them when the office is new. Beside an office that exists, keys that are not there are
    /// lost: new ones would open nothing that was sealed, and seal what the old ones could not open.
    pub fn open(directory: &Path, entropy: &dyn Entropy, office: Existing) -> Result<Keys, Fault> {
        let directory = directory.join("keys");
        let path = directory.join(FILE);
        match File::open(&path) {
            Ok(file) => Keys::read(file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && office == Existing::No => {
                let keys = Keys::of(Key::generate(entropy), Key::generate(entropy));
                keys.write(&directory).map_err(io("writing the office's keys"))?;
                Ok(keys)
            }
            Err(error) => Err(io("reading the office's keys")(error)),
        }
    }

    /// Whether there are keys below `directory`.
    pub fn exist(directory: &Path) -> bool {
        directory.join("keys").join(FILE).exists()
    }

    fn of(seal: Key, index: Key) -> Keys {
        // HMAC pads a short key with zeros to the block of 64 bytes (RFC 2104, section 2).
        let mut block = [0; 64];
        block.iter_mut().zip(index.0).for_each(|(to, from)| *to = from);
        Keys { seal, index, mac: Hmac::<Sha256>::new(&block.into()) }
    }

    fn read(mut file: File) -> Result<Keys, Fault> {
        let mut bytes = Vec::with_capacity(2 * KEY_BYTES);
        file.read_to_end(&mut bytes).map_err(io("reading the office's keys"))?;
        let damaged = || Fault::Unusable("the key file has not the expected 64 bytes".to_owned());
        let (seal, index) = bytes.split_at_checked(KEY_BYTES).ok_or_else(damaged)?;
        let seal = Key(seal.try_into().map_err(|_| damaged())?);
        Ok(Keys::of(seal, Key(index.try_into().map_err(|_| damaged())?)))
    }

    /// Writes under another name first, so that a crash never leaves half a key behind.
    fn write(&self, directory: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(directory)?;
        let fresh = directory.join("office.key.new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(&self.seal.0)?;
        file.write_all(&self.index.0)?;
        file.sync_all()?;
        std::fs::rename(fresh, directory.join(FILE))?;
        File::open(directory)?.sync_all()?;
        // The folder itself is an entry of the one above.
        directory.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
    }

    /// The key that seals what belongs to no subject, such as rows that wait for a person.
    pub fn office(&self) -> &Key {
        &self.seal
    }

    /// A keyed digest: finds a person by number, names a chain, recognises equal content. Without the key it tells nothing.
    pub fn keyed(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.mac.clone();
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The first sixteen bytes of [`Keys::keyed`].
    pub fn keyed_short(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut short = [0; 16];
        short.iter_mut().zip(self.keyed(parts)).for_each(|(to, from)| *to = from);
        short
    }

    /// Wraps a subject's key for storage.
    pub fn wrap(&self, entropy: &dyn Entropy, key: &Key) -> Result<Vec<u8>, Fault> {
        self.seal.seal(entropy, b"subject_key", &key.0)
    }

    /// Unwraps a subject's key.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<Key, Fault> {
        let plain = self.seal.open(b"subject_key", wrapped)?;
        let bytes = plain.try_into().map_err(|_| Fault::Inconsistent("a subject's key has the wrong length".to_owned()))?;
        Ok(Key(bytes))
    }
}

fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> Fault {
    move |cause| Fault::Io { what: what.to_owned(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Counting(std::sync::atomic::AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn a7_without_its_key_or_at_another_place_a_value_does_not_open() {
        let entropy = Counting(0.into());
        let key = Key::generate(&entropy);
        let sealed = key.seal(&entropy, b"here", "张三".as_bytes()).unwrap();
        assert_eq!(key.open(b"here", &sealed).unwrap(), "张三".as_bytes());
        assert!(key.open(b"there", &sealed).is_err());
        assert!(Key::generate(&entropy).open(b"here", &sealed).is_err());
    }

    #[test]
    fn keys_survive_a_restart_and_wrap_what_they_unwrap() {
        let directory = tempfile::tempdir().unwrap();
        let entropy = Counting(0.into());
        let keys = Keys::open(directory.path(), &entropy, Existing::No).unwrap();
        let key = Key::generate(&entropy);
        let wrapped = keys.wrap(&entropy, &key).unwrap();
        let again = Keys::open(directory.path(), &entropy, Existing::No).unwrap();
        assert_eq!(again.unwrap(&wrapped).unwrap(), key);
        assert_eq!(again.keyed(&[b"a", b"b"]), keys.keyed(&[b"a", b"b"]));
        assert_ne!(keys.keyed(&[b"ab", b""]), keys.keyed(&[b"a", b"b"]));
        std::fs::remove_file(directory.path().join("keys").join(FILE)).unwrap();
        assert!(Keys::open(directory.path(), &entropy, Existing::Yes).is_err(), "lost keys are not made anew");
    }
}
