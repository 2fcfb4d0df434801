//! Keeps files on the disk private to the account that runs Tandem: folders 0700, files 0600, whatever the umask is. Files that an older
//! version left open to others are closed at the start. On systems other than Unix, the system's own rules apply.

use std::{io, path::Path};

/// Mode of a folder that only its owner may enter.
#[cfg(unix)]
const FOLDER: u32 = 0o700;
/// Mode of a file that only its owner may read.
#[cfg(unix)]
const FILE: u32 = 0o600;
/// The sticky bit: in such a shared folder, everybody may remove only their own files.
#[cfg(unix)]
const SHARED: u32 = 0o1000;
/// The permission bits of everybody but the owner.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Makes a folder and its missing parents. An existing folder keeps its mode.
///
/// # Errors
/// When the folder cannot be made.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, FOLDER);
    builder.create(path)
}

/// [`make_folder`] without blocking the thread.
///
/// # Errors
/// When the folder cannot be made.
pub async fn make_folder_beside(path: &Path) -> io::Result<()> {
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(FOLDER);
    builder.create(path).await
}

/// Options for opening a file that may have to be made first.
pub fn file_options() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, FILE);
    options
}

/// Closes a file or folder to others, if it exists. If that fails (it belongs to another account, or the disk is read-only), a warning is
/// logged and the start goes on: many systems mount keys that way.
pub fn close_to_others(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let Ok(found) = std::fs::metadata(path) else { return };
        let mode = found.permissions().mode();
        if mode & OTHERS == 0 {
            return;
        }
        // A folder that is shared on purpose, such as /tmp, must stay open. Files that Tandem makes in it are closed one by one.
        if found.is_dir() && mode & SHARED != 0 {
            tracing::warn!(path = %path.display(), "this folder is shared with others; give Tandem one of its own");
            return;
        }
        let closed = std::fs::Permissions::from_mode(mode & !OTHERS & 0o7777);
        if let Err(error) = std::fs::set_permissions(path, closed) {
            tracing::warn!(path = %path.display(), %error, "others on this machine can read this; take their rights to it away (chmod go=)");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Closes a folder that was open to others, and everything in it. The folder itself is closed last: if the process stops before that, the
/// next start repeats the whole walk. Symbolic links are left alone.
///
/// # Errors
/// When a folder cannot be read.
pub fn close_whole_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if std::fs::metadata(path)?.permissions().mode() & OTHERS == 0 {
            return Ok(());
        }
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let entry = entry?;
                let kind = entry.file_type()?;
                if kind.is_symlink() {
                    continue;
                }
                close_to_others(&entry.path());
                if kind.is_dir() {
                    folders.push(entry.path());
                }
            }
        }
        close_to_others(path);
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_was_open_to_others_is_closed() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("files");
        let (inner, file) = (folder.join("ab"), folder.join("ab/cd"));
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(&file, "bytes").unwrap();
        let elsewhere = outer.path().join("elsewhere");
        std::fs::write(&elsewhere, "not ours").unwrap();
        std::os::unix::fs::symlink(&elsewhere, folder.join("link")).unwrap();
        for (path, open) in [(&file, 0o666), (&elsewhere, 0o644), (&inner, 0o777), (&folder, 0o755)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(open)).unwrap();
        }
        close_whole_folder(&folder).unwrap();
        assert_eq!([&folder, &inner, &file, &elsewhere].map(|path| mode(path)), [0o700, 0o700, 0o600, 0o644]);
    }

    #[test]
    fn what_is_made_is_closed_from_the_start() {
        let outer = tempfile::tempdir().unwrap();
        let (folder, file) = (outer.path().join("a/b"), outer.path().join("a/b/c"));
        make_folder(&folder).unwrap();
        file_options().write(true).create_new(true).open(&file).unwrap();
        assert_eq!([&folder, &file].map(|path| mode(path)), [0o700, 0o600]);
    }
}
