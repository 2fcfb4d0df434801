//! Some small files that many messages share: pictures, a printed page, plain text.

use bytes::Bytes;
use domain::files::{Files, safe_name};
use futures::stream;
use store::error::Result;

use super::random::Random;

/// A stored file.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    /// Its size in bytes.
    pub(super) size: i64,
    /// Its media type, as the store recognises it.
    pub(super) media_type: String,
    /// Its SHA-256, by which it is stored.
    pub(super) digest: String,
    /// Names for such files. `#` is replaced by a number.
    names: &'static [&'static str],
}

const PICTURES: &[&str] = &[
    "IMG_#.png",
    "photo-#.png",
    "Bildschirmfoto #.png",
    "スクリーンショット #.png",
    "صورة #.png",
    "capture d’écran #.png",
];
const PAGES: &[&str] =
    &["invoice-#.pdf", "Angebot #.pdf", "見積書-#.pdf", "contract #.pdf", "facture_#.pdf", "فاتورة #.pdf"];
const NOTES: &[&str] = &[
    "log-#.txt",
    "addresses #.txt",
    "лог-#.txt",
    "a very long file name that somebody chose with care so that everybody knows what is in it #.txt",
];

impl Blob {
    /// A name for another copy of the file.
    pub(super) fn name(&self, random: &mut Random, order: &str) -> String {
        let number = if random.percent(30) { order.to_owned() } else { random.below(10_000).to_string() };
        safe_name(&random.word(self.names).replace('#', &number))
    }
}

/// Stores the files.
///
/// # Errors
/// When the disk fails.
pub(super) async fn keep(files: &Files, seed: u64) -> Result<Vec<Blob>> {
    let mut random = Random::split(seed, 3);
    let mut all: Vec<(Vec<u8>, &'static [&'static str])> = Vec::new();
    for (width, height) in [(160, 120), (120, 160), (240, 135), (64, 64), (320, 40), (200, 200)] {
        all.push((picture(&mut random, width, height), PICTURES));
    }
    for title in ["Invoice", "Quote", "Terms of delivery"] {
        all.push((page(title), PAGES));
    }
    for lines in [3, 40] {
        all.push((
            (0..lines).map(|n| format!("{n:04} {:016x} ok\n", random.next())).collect::<String>().into_bytes(),
            NOTES,
        ));
    }
    let mut blobs = Vec::with_capacity(all.len());
    for (bytes, names) in all {
        let limit = bytes.len() as u64;
        let (digest, size, media_type) = files.take(stream::iter([Ok(Bytes::from(bytes))]), limit).await?;
        blobs.push(Blob { size: i64::try_from(size).unwrap_or(i64::MAX), media_type, digest, names });
    }
    Ok(blobs)
}

/// A PNG: a soft pattern of 256 colours, without compression.
fn picture(random: &mut Random, width: u32, height: u32) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    // Eight bits per pixel, as an index into the palette.
    header.extend([8, 3, 0, 0, 0]);
    let [red, green, blue, ..] = random.next().to_le_bytes();
    let fade = |from: u8, at: u8| {
        u8::try_from((u16::from(from) * u16::from(255 - at) + 235 * u16::from(at)) / 255).unwrap_or(255)
    };
    let palette: Vec<u8> = (0..=255).flat_map(|at| [fade(red, at), fade(green, at), fade(blue, at)]).collect();
    let mut rows = Vec::new();
    for y in 0..height {
        rows.push(0);
        rows.extend((0..width).map(|x| u8::try_from((x * x / 97 + y * y / 61 + x * y / 143) % 256).unwrap_or(0)));
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, body) in [(b"IHDR", header), (b"PLTE", palette), (b"IDAT", stored(&rows)), (b"IEND", Vec::new())] {
        png.extend(u32::try_from(body.len()).unwrap_or(0).to_be_bytes());
        let checked = [&kind[..], &body].concat();
        png.extend(&checked);
        png.extend(crc32(&checked).to_be_bytes());
    }
    png
}

/// A zlib stream of uncompressed blocks.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let blocks = bytes.chunks(0xffff);
    let last = blocks.len().saturating_sub(1);
    for (place, block) in blocks.enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(0);
        out.push(u8::from(place == last));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (a, b) = bytes.iter().fold((1u32, 0u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    out.extend(((b << 16) | a).to_be_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

/// A PDF with one page and one line.
fn page(title: &str) -> Vec<u8> {
    let text = format!("BT /F1 24 Tf 72 740 Td ({title}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut pdf = "%PDF-1.4\n".to_owned();
    let mut places = String::new();
    for (n, object) in objects.iter().enumerate() {
        places.push_str(&format!("{:010} 00000 n \n", pdf.len()));
        pdf.push_str(&format!("{} 0 obj\n{object}\nendobj\n", n + 1));
    }
    let (start, size) = (pdf.len(), objects.len() + 1);
    pdf.push_str(&format!("xref\n0 {size}\n0000000000 65535 f \n{places}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"));
    pdf.into_bytes()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sum_is_the_one_that_png_wants() {
        assert_eq!(super::crc32(b"123456789"), 0xCBF4_3926);
    }
}
