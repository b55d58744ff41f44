//! A disk whose power can be cut: ext4 on a loop device, and the ioctl by which ext4 forgets what it has not flushed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::steps::{read, works};

/// EXT4_IOC_SHUTDOWN. Flag 1 lets the journal reach the disk and file data not, 2 lets neither; 0 would flush everything first.
const CUT: &str = "import fcntl, os, struct, sys\n\
    fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', int(sys.argv[2])))";

/// Why power cannot be cut on this machine.
pub(super) fn missing() -> Option<&'static str> {
    if !read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim_ascii() == b"0") {
        return Some("mounting needs root");
    }
    if !Path::new("/dev/loop-control").exists() {
        return Some("there are no loop devices (/dev/loop-control)");
    }
    if !std::fs::read_to_string("/proc/filesystems").is_ok_and(|known| known.lines().any(|line| line.trim() == "ext4")) {
        return Some("the kernel knows no ext4");
    }
    let tools = [("mkfs.ext4", "-V"), ("mount", "-V"), ("losetup", "-V"), ("python3", "--version")];
    if !tools.iter().all(|(tool, arg)| works(tool, &[arg])) {
        return Some("mkfs.ext4, mount, losetup or python3 is missing");
    }
    None
}

/// An image with a file system, mounted; unmounted when it goes out of scope.
#[derive(Debug)]
pub(super) struct Disk {
    image: PathBuf,
    pub(super) place: PathBuf,
}

impl Disk {
    /// A new one of `megabytes`, all of them for root to fill.
    pub(super) fn new(folder: &Path, megabytes: u64) -> Result<Disk> {
        let disk = Disk { image: folder.join("disk.img"), place: folder.join("disk") };
        std::fs::create_dir_all(&disk.place)?;
        // One that an earlier run left mounted, and nobody else's.
        while works("mountpoint", &["-q", &disk.place.display().to_string()]) {
            disk.unmount()?;
        }
        let file = std::fs::File::create(&disk.image).context("no place for the image")?;
        file.set_len(megabytes << 20)?;
        read(Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0"]).arg(&disk.image))?;
        disk.mount()?;
        Ok(disk)
    }

    pub(super) fn mount(&self) -> Result<()> {
        read(Command::new("mount").args(["-o", "loop"]).arg(&self.image).arg(&self.place)).map(drop)
    }

    /// What was written so far is on the disk.
    pub(super) fn flush(&self) -> Result<()> {
        read(Command::new("sync").arg("-f").arg(&self.place)).map(drop)
    }

    /// Power goes. Every call on the disk fails from here on.
    pub(super) fn cut(&self, flag: u64) -> Result<()> {
        read(Command::new("python3").args(["-c", CUT]).arg(&self.place).arg(flag.to_string())).map(drop)
    }

    /// Whoever used it is being reaped, so some tries are fair.
    pub(super) fn unmount(&self) -> Result<()> {
        for _ in 0..200 {
            if read(Command::new("umount").arg(&self.place)).is_ok() {
                return Ok(());
            }
            super::pause(Duration::from_millis(25));
        }
        bail!("{} stays busy", self.place.display())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Where it is not mounted any more, there is nothing to do; one that stays busy is told by whoever removes the folder.
        if works("mountpoint", &["-q", &self.place.display().to_string()]) {
            let _unmounted = self.unmount();
        }
    }
}

/// A library by which the system claims to have flushed and flushes nothing.
pub(super) fn lying_flush(folder: &Path) -> Result<PathBuf> {
    let (source, library) = (folder.join("lying.c"), folder.join("lying.so"));
    let text = "int fsync(int f) { (void)f; return 0; }\nint fdatasync(int f) { (void)f; return 0; }\n\
        int sync_file_range(int f, long a, long b, unsigned c) { (void)f; (void)a; (void)b; (void)c; return 0; }\n";
    std::fs::write(&source, text)?;
    read(Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source))?;
    Ok(library)
}
