//! Extracts the files from Outlook's `winmail.dat` (MS-OXTNEF). The mail contains its text separately. Any length in it may be wrong. Such
//! a stream is read up to there, and is also kept as a file.

use mail_parser::decoders::charsets::map::charset_decoder;

use super::read::{MailFile, one_line};

/// The most files of a stream.
const MOST_FILES: usize = 50;
/// Larger streams stay packed, in bytes, because the files are copied.
const LARGEST: usize = 32 * 1024 * 1024;
/// The first bytes of a stream.
const SIGNATURE: u32 = 0x223E_9F78;

/// The files of a stream.
#[derive(Debug, Default)]
pub struct Unpacked {
    /// The files that were found.
    pub files: Vec<MailFile>,
    /// Whether these are all of its content: nothing was cut off, and no file is a mail or an embedded object.
    pub whole: bool,
}

/// Whether a file is such a stream.
pub fn is_tnef(file: &MailFile) -> bool {
    Bytes(&file.bytes).u32() == Some(SIGNATURE)
        && (file.media_type.ends_with("ms-tnef") || file.name.to_lowercase().ends_with(".dat"))
}

/// Extracts the files.
pub fn unpack(stream: &[u8]) -> Unpacked {
    let mut unpacking = Unpacking { whole: true, ..Unpacking::default() };
    let end = if stream.len() > LARGEST { None } else { unpacking.run(Bytes(stream)) };
    unpacking.finish();
    Unpacked { whole: end.is_some() && unpacking.whole && !unpacking.files.is_empty(), files: unpacking.files }
}

/// Bytes that are taken from the front. None at the end, or if a length is wrong.
#[derive(Clone, Copy)]
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// The bytes of a length-prefixed value, padded to four.
    fn counted(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        let taken = self.take(length)?;
        self.take(length.next_multiple_of(4) - length)?;
        Some(taken)
    }
}

/// An attachment while it is read.
#[derive(Default)]
struct Attached<'b> {
    title: Option<String>,
    long_name: Option<String>,
    media_type: Option<String>,
    content_id: Option<String>,
    data: Option<&'b [u8]>,
}

#[derive(Default)]
struct Unpacking<'b> {
    files: Vec<MailFile>,
    whole: bool,
    current: Option<Attached<'b>>,
    /// The code page of texts that are not Unicode.
    page: u32,
}

impl<'b> Unpacking<'b> {
    /// Reads the attributes in sequence (2.1.3.1). Each has at least eleven bytes, so there is always an end.
    fn run(&mut self, mut stream: Bytes<'b>) -> Option<()> {
        let signed = stream.u32()? == SIGNATURE;
        let _key = stream.u16()?;
        while signed && !stream.0.is_empty() {
            let _level = stream.take(1)?;
            let id = stream.u32()?;
            let length = usize::try_from(stream.u32()?).ok()?;
            let data = stream.take(length)?;
            // The checksum is not verified, because there is no other data to use.
            let _checksum = stream.u16()?;
            self.attribute(id & 0xFFFF, data)?;
        }
        signed.then_some(())
    }

    fn attribute(&mut self, id: u32, data: &'b [u8]) -> Option<()> {
        match id {
            // attOemCodepage
            0x9007 => self.page = Bytes(data).u32()?,
            // attAttachRenddata: the next attachment begins.
            0x9002 => {
                self.finish();
                self.current = Some(Attached::default());
            }
            // attAttachTitle
            0x8010 => self.current.as_mut()?.title = Some(self.text(data)),
            // attAttachData
            0x800F => self.current.as_mut()?.data = Some(data),
            // attAttachment
            0x9005 => self.properties(Bytes(data))?,
            _ => {}
        }
        Some(())
    }

    /// Reads the properties of an attachment (2.1.3.4; MS-OXPROPS).
    fn properties(&mut self, mut list: Bytes<'b>) -> Option<()> {
        for _ in 0..list.u32()? {
            let (kind, id) = (list.u16()?, list.u16()?);
            if id >= 0x8000 {
                skip_name(&mut list)?;
            }
            let Some(value) = value(&mut list, kind)? else { continue };
            let text = || match kind {
                0x1F => utf16(value),
                _ => self.text(value),
            };
            match (id, kind) {
                // PidTagAttachLongFilename, PidTagAttachMimeTag, PidTagAttachContentId
                (0x3707 | 0x370E | 0x3712, 0x1E | 0x1F) => {
                    let text = Some(text());
                    let current = self.current.as_mut()?;
                    match id {
                        0x3707 => current.long_name = text,
                        0x370E => current.media_type = text,
                        _ => current.content_id = text,
                    }
                }
                // PidTagAttachDataBinary, if the attribute is not used. An object is an embedded mail or document.
                (0x3701, 0x0102) => self.current.as_mut()?.data = Some(value),
                (0x3701, 0x0D) => self.whole = false,
                _ => {}
            }
        }
        Some(())
    }

    /// Adds the finished attachment.
    fn finish(&mut self) {
        let Some(current) = self.current.take() else { return };
        let Some(data) = current.data.filter(|_| self.files.len() < MOST_FILES) else {
            self.whole = false;
            return;
        };
        let line = |text: Option<String>| text.map(|text| one_line(&text)).filter(|text| !text.is_empty());
        let media_type = line(current.media_type).filter(|kind| kind.contains('/')).map(|kind| kind.to_lowercase());
        self.files.push(MailFile {
            name: line(current.long_name).or_else(|| line(current.title)).unwrap_or_default(),
            media_type: media_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
            content_id: line(current.content_id),
            location: None,
            bytes: data.to_vec(),
        });
    }

    /// A zero-terminated text in the stream's code page.
    fn text(&self, bytes: &[u8]) -> String {
        let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        let named = |name: String| charset_decoder(name.as_bytes());
        let decoder = named(format!("windows-{}", self.page)).or_else(|| named(format!("cp{}", self.page)));
        match decoder.or_else(|| charset_decoder(b"windows-1252")) {
            Some(decoder) => decoder(bytes),
            None => String::from_utf8_lossy(bytes).into_owned(),
        }
    }
}

/// Skips the name of a named property: a number or a text.
fn skip_name(list: &mut Bytes<'_>) -> Option<()> {
    list.take(16)?;
    match list.u32()? {
        0 => list.take(4)?,
        _ => list.counted()?,
    };
    Some(())
}

/// The value of a property by its type, the last one of several. `Some(None)` for values of a fixed length, which are not used.
fn value<'b>(list: &mut Bytes<'b>, kind: u16) -> Option<Option<&'b [u8]>> {
    let fixed = match kind & 0x0FFF {
        // Numbers of 16 and 32 bits, booleans, errors.
        0x02 | 0x03 | 0x04 | 0x0A | 0x0B => 4,
        0x05 | 0x06 | 0x07 | 0x14 | 0x40 => 8,
        0x48 => 16,
        0x0D | 0x1E | 0x1F | 0x102 => {
            let mut last = None;
            for _ in 0..list.u32()? {
                last = Some(list.counted()?);
            }
            return Some(last);
        }
        _ => return None,
    };
    let times = if kind & 0x1000 == 0 { 1 } else { usize::try_from(list.u32()?).ok()? };
    list.take(times.checked_mul(fixed)?)?;
    Some(None)
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).take_while(|unit| *unit != 0);
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attribute(id: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = vec![2];
        bytes.extend(id.to_le_bytes());
        bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        bytes.extend(data);
        bytes.extend([0, 0]);
        bytes
    }

    fn stream(attributes: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_le_bytes().to_vec();
        bytes.extend([1, 0]);
        bytes.extend(attributes.concat());
        bytes
    }

    /// A property with a length-prefixed value.
    fn property(kind: u16, id: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = [kind.to_le_bytes(), id.to_le_bytes()].concat();
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn properties(all: &[Vec<u8>]) -> Vec<u8> {
        [u32::try_from(all.len()).unwrap().to_le_bytes().to_vec(), all.concat()].concat()
    }

    fn begin() -> Vec<u8> {
        attribute(0x0006_9002, &[0; 14])
    }

    #[test]
    fn t3_the_files_of_a_winmail_dat() {
        let long: Vec<u8> = "Plan für Mai.txt\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let listed = properties(&[property(0x1F, 0x3707, &long), property(0x1E, 0x370E, b"Text/Plain\0")]);
        let unpacked = unpack(&stream(&[
            attribute(0x0006_9007, &[0xE4, 4, 0, 0, 0, 0, 0, 0]),
            begin(),
            attribute(0x0001_8010, b"PLANF~1.TXT\0"),
            attribute(0x0006_800F, b"one"),
            attribute(0x0006_9005, &listed),
            begin(),
            attribute(0x0001_8010, b"gr\xfc\xdfe.bin\0"),
            attribute(0x0006_9005, &properties(&[property(0x0102, 0x3701, b"three")])),
        ]));
        assert!(unpacked.whole);
        let files: Vec<_> =
            unpacked.files.iter().map(|file| (file.name.as_str(), file.media_type.as_str(), &file.bytes[..])).collect();
        let expected: [(&str, &str, &[u8]); 2] =
            [("Plan für Mai.txt", "text/plain", b"one"), ("grüße.bin", "application/octet-stream", b"three")];
        assert_eq!(files, expected);
    }

    #[test]
    fn s10_streams_that_lie_are_not_whole() {
        let good = [begin(), attribute(0x0006_800F, b"one")];
        assert!(unpack(&stream(&good)).whole);
        let cut = stream(&good);
        assert!(!unpack(&cut[..cut.len() - 1]).whole, "cut off");
        let mut long = attribute(0x0006_800F, b"one");
        long[5..9].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(!unpack(&stream(&[begin(), long])).whole, "longer than the stream");
        let many = unpack(&stream(&vec![good.concat(); MOST_FILES + 1]));
        assert_eq!((many.files.len(), many.whole), (MOST_FILES, false));
        let mail = attribute(0x0006_9005, &properties(&[property(0x0D, 0x3701, b"a mail")]));
        assert!(!unpack(&stream(&[begin(), mail])).whole, "no plain file");
        let count = attribute(0x0006_9005, &[0xFF; 4]);
        assert!(!unpack(&stream(&[begin(), count])).whole, "more properties than it has");
        for none in [&b""[..], b"x", &stream(&[])] {
            assert!(!unpack(none).whole && unpack(none).files.is_empty());
        }
    }

    proptest! {
        #[test]
        fn any_stream_has_an_end(attributes in proptest::collection::vec((0u32..8, proptest::collection::vec(any::<u8>(), 0..60)), 0..20)) {
            let ids = [0x9002, 0x9005, 0x9007, 0x8010, 0x800F, 0x9005, 0x9005, 1];
            let all: Vec<_> = attributes.iter().map(|(n, data)| attribute(ids[*n as usize], data)).collect();
            let stream = stream(&all);
            let held: usize = unpack(&stream).files.iter().map(|file| file.bytes.len()).sum();
            prop_assert!(held <= stream.len());
        }
    }
}
