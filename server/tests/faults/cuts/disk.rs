//! A disk that guarantees only what was synced. Of everything else, a power cut keeps a random part.
//!
//! It is stricter than the file systems in use: a file's name is kept only after its folder was synced, and a folder is reachable only if
//! its own name was kept. Of unsynced writes, all, none or some survive, or they are torn at sectors of 512 bytes, in any order.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    os::unix::fs::MetadataExt,
    path::Path,
};

use super::journal::{Journal, Record};
use crate::dice::Dice;

const SECTOR: usize = 512;

/// A file, whatever it is called.
type Object = usize;

#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, data: std::ops::Range<usize> },
    CutTo(usize),
}

#[derive(Default)]
struct File {
    kept: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Naming {
    Name(String, Object),
    Folder(String),
    Gone(String),
    Moved(String, String, Object),
}

/// Names and folders.
#[derive(Debug, Clone, Default)]
struct Names {
    files: BTreeMap<String, Object>,
    folders: BTreeSet<String>,
}

impl Names {
    fn take(&mut self, naming: &Naming) {
        match naming {
            Naming::Name(path, object) => {
                self.files.insert(path.clone(), *object);
            }
            Naming::Folder(path) => {
                self.folders.insert(path.clone());
            }
            Naming::Gone(path) => {
                self.files.remove(path);
                self.folders.remove(path);
            }
            Naming::Moved(from, to, object) => {
                self.files.remove(from);
                self.files.insert(to.clone(), *object);
            }
        }
    }

    /// The files whose folders can all be found.
    fn reachable<'n>(&'n self, root: &'n str) -> impl Iterator<Item = (&'n String, &'n Object)> {
        self.files.iter().filter(move |(path, _)| {
            Path::new(path)
                .ancestors()
                .skip(1)
                .take_while(|up| *up != Path::new(root))
                .all(|up| self.folders.contains(up.to_str().unwrap()))
        })
    }
}

impl Naming {
    fn is_in(&self, folder: &str) -> bool {
        let within = |path: &String| Path::new(path).parent() == Some(Path::new(folder));
        match self {
            Self::Name(path, _) | Self::Folder(path) | Self::Gone(path) => within(path),
            Self::Moved(from, to, _) => within(from) || within(to),
        }
    }
}

/// The files of a folder at one moment, all of it kept.
pub struct Base {
    root: String,
    folders: BTreeSet<String>,
    /// Path, inode, content.
    files: Vec<(String, u64, Vec<u8>)>,
}

impl Base {
    pub fn of(folder: &Path) -> Self {
        let mut base = Self { root: text(folder), folders: BTreeSet::new(), files: Vec::new() };
        base.load(folder);
        base
    }

    fn load(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.folders.insert(text(&path));
                self.load(&path);
            } else {
                self.files.push((text(&path), path.metadata().unwrap().ino(), std::fs::read(&path).unwrap()));
            }
        }
    }

    /// What there is, as [`Disk::all`] would say it.
    pub fn all(&self) -> BTreeMap<String, Vec<u8>> {
        self.files.iter().map(|(path, _, content)| (path.clone(), content.clone())).collect()
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

pub struct Disk<'j> {
    journal: &'j Journal,
    root: String,
    files: Vec<File>,
    by_inode: HashMap<u64, Object>,
    /// As the process sees them, and as the disk has them for certain.
    now: Names,
    kept: Names,
    pending: Vec<Naming>,
    /// Which paths it only says it syncs.
    lies: fn(&str) -> bool,
}

impl<'j> Disk<'j> {
    /// A disk that was told nothing yet. It lies about what `lies` names: to see that the test would notice.
    pub fn new(base: &Base, journal: &'j Journal, lies: fn(&str) -> bool) -> Self {
        let mut now = Names { files: BTreeMap::new(), folders: base.folders.clone() };
        let (mut files, mut by_inode) = (Vec::new(), HashMap::new());
        for (path, inode, content) in &base.files {
            by_inode.insert(*inode, files.len());
            now.files.insert(path.clone(), files.len());
            files.push(File { kept: content.clone(), pending: Vec::new() });
        }
        let kept = now.clone();
        Self { journal, root: base.root.clone(), files, by_inode, now, kept, pending: Vec::new(), lies }
    }

    fn name(&mut self, naming: Naming) {
        self.now.take(&naming);
        self.pending.push(naming);
    }

    /// Is told one thing more.
    pub fn take(&mut self, record: &Record) {
        match record {
            Record::Made { inode, path } => {
                self.by_inode.insert(*inode, self.files.len());
                self.name(Naming::Name(path.clone(), self.files.len()));
                self.files.push(File::default());
            }
            Record::Folder { path } => self.name(Naming::Folder(path.clone())),
            Record::Deleted { path } => self.name(Naming::Gone(path.clone())),
            Record::Renamed { from, to } => {
                let object = self.now.files[from];
                self.name(Naming::Moved(from.clone(), to.clone(), object));
            }
            Record::Written { inode, at, data } => {
                self.files[self.by_inode[inode]].pending.push(Change::Write { at: *at, data: data.clone() });
            }
            Record::CutTo { inode, length } => self.files[self.by_inode[inode]].pending.push(Change::CutTo(*length)),
            Record::Synced { path, .. } if (self.lies)(path) => {}
            Record::Synced { inode, path } => {
                match self.by_inode.get(inode).filter(|_| !self.now.folders.contains(path) && *path != self.root) {
                    Some(object) => {
                        let File { kept, pending } = &mut self.files[*object];
                        for change in pending.drain(..) {
                            apply(kept, self.journal, &change);
                        }
                    }
                    None => {
                        for naming in self.pending.extract_if(.., |naming| naming.is_in(path)) {
                            self.kept.take(&naming);
                        }
                    }
                }
            }
            Record::Acked(_) => {}
        }
    }

    /// Writes down what a cut at this moment leaves, as the dice decide.
    pub fn cut(&self, dice: &mut Dice, into: &Path) {
        let mut names = self.kept.clone();
        for naming in &self.pending[..dice.below(self.pending.len() + 1)] {
            names.take(naming);
        }
        self.write(&names, into, |file| {
            let mut content = file.kept.clone();
            let mode = dice.below(4);
            let until = dice.below(file.pending.len() + 1);
            for (n, change) in file.pending.iter().enumerate() {
                match (mode, change) {
                    (0, _) => {}
                    (1, change) if n < until => apply(&mut content, self.journal, change),
                    (2, change) if dice.once_in(2) => apply(&mut content, self.journal, change),
                    (3, Change::Write { at, data }) => tear(&mut content, *at, self.journal.data(data), dice),
                    (3, change) if dice.once_in(2) => apply(&mut content, self.journal, change),
                    _ => {}
                }
            }
            content
        });
    }

    /// Everything that it was told, as if the power stayed on.
    pub fn all(&self) -> BTreeMap<String, Vec<u8>> {
        let whole = |file: &File| {
            let mut content = file.kept.clone();
            file.pending.iter().for_each(|change| apply(&mut content, self.journal, change));
            content
        };
        self.now.files.iter().map(|(path, object)| (path.clone(), whole(&self.files[*object]))).collect()
    }

    fn write(&self, names: &Names, into: &Path, mut content: impl FnMut(&File) -> Vec<u8>) {
        for (path, object) in names.reachable(&self.root) {
            let target = into.join(Path::new(path).strip_prefix(&self.root).unwrap());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::write(target, content(&self.files[*object])).unwrap();
        }
    }
}

fn apply(content: &mut Vec<u8>, journal: &Journal, change: &Change) {
    match change {
        Change::Write { at, data } => put(content, *at, journal.data(data)),
        Change::CutTo(length) => content.resize(*length, 0),
    }
}

fn put(content: &mut Vec<u8>, at: usize, data: &[u8]) {
    if content.len() < at + data.len() {
        content.resize(at + data.len(), 0);
    }
    content[at..at + data.len()].copy_from_slice(data);
}

/// Some of the sectors of a write.
fn tear(content: &mut Vec<u8>, at: usize, data: &[u8], dice: &mut Dice) {
    let mut from = 0;
    while from < data.len() {
        let to = (from + SECTOR - (at + from) % SECTOR).min(data.len());
        if dice.once_in(2) {
            put(content, at + from, &data[from..to]);
        }
        from = to;
    }
}
