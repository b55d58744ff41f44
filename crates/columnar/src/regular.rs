//! Files of a set and of a projection are files themselves: a link may lead out of it, a pipe or a device never ends.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::fault::Fault;

/// Makes sure that a file is one itself, before it is opened, and says how long it is.
pub(crate) fn file(path: &Path) -> Result<u64, Fault> {
    let found = fs::symlink_metadata(path).map_err(Fault::disk(path))?;
    if found.is_symlink() {
        return Err(link(path));
    }
    if found.is_file() { Ok(found.len()) } else { Err(Fault::file(path, NOT_A_FILE)) }
}

/// Makes sure that a folder is one itself.
pub(crate) fn folder(path: &Path) -> Result<(), Fault> {
    if fs::symlink_metadata(path).map_err(Fault::disk(path))?.is_symlink() { Err(link(path)) } else { Ok(()) }
}

/// What a link is refused with.
pub(crate) fn link(path: &Path) -> Fault {
    Fault::file(path, "是符号链接，表集和列存投影只收普通文件，请换成文件本身")
}

/// What anything else is refused with.
pub(crate) const NOT_A_FILE: &str = "不是普通文件，无法读取，请核对";

/// All of a file; none where it has more bytes than it may.
pub(crate) fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, Fault> {
    let length = file(path)?;
    if length > most {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    // What it said of its length a moment ago is not relied on.
    let opened = File::open(path).map_err(Fault::disk(path))?;
    opened.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(Fault::disk(path))?;
    let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= most);
    Ok(fits.then_some(bytes))
}
