//! Opens S/MIME bodies (RFC 8551, RFC 5652): extracts a signed letter, and recognises an encrypted one. Only the path to the letter is
//! parsed. Lengths may be indefinite (BER), as many programs write them. The CMS crates accept only DER.

/// The deepest nesting that is read. The letter is eight levels deep, a text in pieces a little deeper.
const DEEPEST: usize = 16;

const SIGNED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const ENVELOPED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
const SIGNED_AND_ENVELOPED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x04];
const ENCRYPTED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06];
const AUTH_ENVELOPED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17];

const OID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const OCTETS_IN_PIECES: u8 = 0x24;
const SEQUENCE: u8 = 0x30;
const CONTENT: u8 = 0xa0;

/// The content of such a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// A signed letter, as MIME.
    Signed(Vec<u8>),
    /// Data that needs the recipient's key.
    Encrypted,
}

/// Opens a body. None if it is neither kind, or cut, or invalid.
pub fn open(bytes: &[u8]) -> Option<Opened> {
    let mut info = Values(Values(bytes).of(SEQUENCE)?);
    match info.of(OID)? {
        ENVELOPED | SIGNED_AND_ENVELOPED | ENCRYPTED | AUTH_ENVELOPED => Some(Opened::Encrypted),
        SIGNED => {
            let mut signed = Values(Values(info.of(CONTENT)?).of(SEQUENCE)?);
            let (_version, _digests) = (signed.value(DEEPEST)?, signed.value(DEEPEST)?);
            let mut inner = Values(signed.of(SEQUENCE)?);
            let _kind = inner.of(OID)?;
            let mut content = Values(inner.of(CONTENT)?);
            let (tag, octets) = content.value(DEEPEST)?;
            let mut letter = Vec::new();
            joined(tag, octets, DEEPEST, &mut letter)?;
            Some(Opened::Signed(letter))
        }
        _ => None,
    }
}

/// Octets, joined if they come in pieces.
fn joined(tag: u8, octets: &[u8], deepest: usize, out: &mut Vec<u8>) -> Option<()> {
    match tag {
        OCTETS => out.extend_from_slice(octets),
        OCTETS_IN_PIECES => {
            let mut pieces = Values(octets);
            while !pieces.0.is_empty() {
                let (tag, piece) = pieces.value(deepest)?;
                joined(tag, piece, deepest.checked_sub(1)?, out)?;
            }
        }
        _ => return None,
    }
    Some(())
}

/// Values in sequence, taken from the front. None at the end, or if a length is wrong.
struct Values<'b>(&'b [u8]);

impl<'b> Values<'b> {
    /// The next value, if it has this tag.
    fn of(&mut self, tag: u8) -> Option<&'b [u8]> {
        self.value(DEEPEST).filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    /// The next value: its tag and its content.
    fn value(&mut self, deepest: usize) -> Option<(u8, &'b [u8])> {
        let tag = self.byte()?;
        if tag & 0x1f == 0x1f {
            while self.byte()? & 0x80 != 0 {}
        }
        let content = match self.byte()? {
            0x80 => self.open(deepest.checked_sub(1)?)?,
            short @ 0..0x80 => self.take(usize::from(short))?,
            long => {
                let digits = self.take(usize::from(long & 0x7f))?;
                let fits = digits.len() <= size_of::<usize>();
                let length =
                    fits.then(|| digits.iter().fold(0, |length: usize, digit| length << 8 | usize::from(*digit)))?;
                self.take(length)?
            }
        };
        Some((tag, content))
    }

    /// The content of a value of indefinite length: everything up to two zero bytes.
    fn open(&mut self, deepest: usize) -> Option<&'b [u8]> {
        let whole = self.0;
        while !self.0.starts_with(&[0, 0]) {
            self.value(deepest)?;
        }
        let content = &whole[..whole.len() - self.0.len()];
        self.take(2)?;
        Some(content)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len();
        let head = match length {
            0..0x80 => vec![tag, length as u8],
            _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
        };
        [&head, content].concat()
    }

    fn endless(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x80], content, &[0, 0]].concat()
    }

    /// A body of this type around its octets. `make` writes the lengths.
    fn body(make: fn(u8, &[u8]) -> Vec<u8>, kind: &[u8], octets: &[u8]) -> Vec<u8> {
        let data = value(OID, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01]);
        let inner = make(SEQUENCE, &[data, make(CONTENT, octets)].concat());
        let signed = make(SEQUENCE, &[value(2, &[1]), value(0x31, &[]), inner, value(0x31, &[])].concat());
        make(SEQUENCE, &[value(OID, kind), make(CONTENT, &signed)].concat())
    }

    #[test]
    fn t3_a_signed_letter_is_taken_out() {
        let letter = b"Content-Type: text/plain\r\n\r\nHello";
        let whole = value(OCTETS, letter);
        assert_eq!(open(&body(value, SIGNED, &whole)), Some(Opened::Signed(letter.to_vec())));
        let pieces = endless(OCTETS_IN_PIECES, &[value(OCTETS, &letter[..9]), value(OCTETS, &letter[9..])].concat());
        assert_eq!(open(&body(endless, SIGNED, &pieces)), Some(Opened::Signed(letter.to_vec())));
    }

    #[test]
    fn t3_an_encrypted_letter_is_known() {
        for kind in [ENVELOPED, ENCRYPTED, AUTH_ENVELOPED] {
            assert_eq!(open(&body(value, kind, &[])), Some(Opened::Encrypted));
        }
    }

    #[test]
    fn s10_lengths_that_lie_end_it() {
        let whole = body(value, SIGNED, &value(OCTETS, b"x"));
        for cut in 0..whole.len() {
            let opened = open(&whole[..cut]);
            assert_eq!(opened, None, "cut at {cut}");
        }
        assert_eq!(open(&[0x30, 0x80].repeat(1_000_000)), None);
        assert_eq!(open(&[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_opened(bytes in proptest::collection::vec(prop_oneof![Just(0x30u8), Just(0x80), Just(0xa0), Just(0x24), Just(0), any::<u8>()], 0..200)) {
            let _ = open(&bytes);
        }
    }
}
