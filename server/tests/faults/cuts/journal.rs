//! The recorder's journal: what the process told its disk, interleaved with what the test was acknowledged.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    ops::Range,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

use serde_json::Value;

/// One thing told, in the order in which it took effect.
#[derive(Debug, Clone)]
pub enum Record {
    Made {
        inode: u64,
        path: String,
    },
    Folder {
        path: String,
    },
    Written {
        inode: u64,
        at: usize,
        data: Range<usize>,
    },
    CutTo {
        inode: u64,
        length: usize,
    },
    /// A file, or a folder's list of names, is to be kept from here on.
    Synced {
        inode: u64,
        path: String,
    },
    Renamed {
        from: String,
        to: String,
    },
    Deleted {
        path: String,
    },
    /// The test was told that something is kept.
    Acked(Value),
}

pub struct Journal {
    bytes: Vec<u8>,
    pub records: Vec<Record>,
}

const HEAD: usize = 25;

impl Journal {
    pub fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let (mut records, mut next) = (Vec::new(), 0);
        while next < bytes.len() {
            let head = &bytes[next..next + HEAD];
            let long = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap());
            let short = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap()) as usize;
            let (inode, at) = (long(1), usize::try_from(long(9)).unwrap());
            let path_end = next + HEAD + short(17);
            let data = path_end..path_end + short(21);
            let text = |range: Range<usize>| String::from_utf8(bytes[range].to_vec()).unwrap();
            let path = text(next + HEAD..path_end);
            records.push(match head[0] {
                b'C' => Record::Made { inode, path },
                b'D' => Record::Folder { path },
                b'W' => Record::Written { inode, at, data: data.clone() },
                b'T' => Record::CutTo { inode, length: at },
                b'S' => Record::Synced { inode, path },
                b'R' => Record::Renamed { from: path, to: text(data.clone()) },
                b'U' => Record::Deleted { path },
                b'A' => Record::Acked(serde_json::from_slice(&bytes[data.clone()]).unwrap()),
                other => panic!("record of kind {other}"),
            });
            next = data.end;
        }
        Self { bytes, records }
    }

    pub fn data(&self, range: &Range<usize>) -> &[u8] {
        &self.bytes[range.clone()]
    }
}

/// The recorder, and a pen of our own for the same journal.
pub struct Recorder {
    pub library: PathBuf,
    pub journal: PathBuf,
    pen: Mutex<File>,
}

impl Recorder {
    /// Compiles the library into `folder` with the C compiler that building SQLite needs as well.
    pub fn build(folder: &Path) -> Self {
        let library = folder.join("record.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/cuts/record.c");
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let done = Command::new(compiler)
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", source, "-o"])
            .arg(&library)
            .output()
            .expect("there is a C compiler");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let journal = folder.join("journal");
        let pen = OpenOptions::new().create(true).append(true).open(&journal).unwrap();
        Self { library, journal, pen: Mutex::new(pen) }
    }

    /// Notes that something was acknowledged: after all that came before it in the journal.
    pub fn acked(&self, what: &Value) {
        let data = what.to_string();
        let mut record = vec![0; HEAD];
        record[0] = b'A';
        record[21..25].copy_from_slice(&u32::try_from(data.len()).unwrap().to_le_bytes());
        record.extend_from_slice(data.as_bytes());
        self.pen.lock().unwrap().write_all(&record).unwrap();
    }
}
