//! JPEG and PNG files to RGB pixels; what is damaged is refused, what is converted is said.

use super::frame::Image;
use super::text::read_limited;
use crate::error::{Error, Result};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::io::Cursor;
use std::path::Path;

/// Largest image file that is read, in bytes.
const MAX_BYTES: u64 = 256 << 20;
/// Most bytes of decoded pixels.
const MAX_DECODED_BYTES: u64 = 512 << 20;
/// Most columns or rows.
const MAX_SIDE: u32 = 16384;

/// An image from a file.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// Pixels as they are stored.
    pub image: Image,
    /// EXIF data ask to turn or mirror it for display.
    pub is_turned: bool,
    /// What was changed on the way: grey made RGB, 16 bits reduced to 8, and the like.
    pub notes: Vec<String>,
}

/// Reads an image file.
///
/// # Errors
/// When the file is unreadable, truncated, no JPEG or PNG, without pixels, or larger than 16384 columns or rows,
/// 256 MiB, or 512 MiB decoded.
pub fn decode(path: &Path) -> Result<Decoded> {
    let bytes = read_limited(path, MAX_BYTES)?;
    let allowed = format!("a whole JPEG or PNG file of at most {MAX_SIDE} columns and rows");
    let bad = |e: String| Error::input(format!("cannot decode the image: {e}")).file(path).allowed(&allowed);
    let mut reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format().map_err(|e| bad(e.to_string()))?;
    if reader.format() == Some(ImageFormat::Jpeg) && !jpeg_is_whole(&bytes) {
        return Err(bad("it is truncated".into()));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|e| bad(e.to_string()))?;
    if decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(bad(format!("it has more than {} MiB of pixels", MAX_DECODED_BYTES >> 20)));
    }
    // Pixels are kept as they are stored, as in what a board's camera delivers; some tools draw boxes on the turned image: the user has to know.
    let is_turned = decoder.orientation().is_ok_and(|o| o != Orientation::NoTransforms);
    let decoded = DynamicImage::from_decoder(decoder).map_err(|e| bad(e.to_string()))?;
    let mut notes = conversions(decoded.color());
    notes.extend(is_turned.then(|| "EXIF orientation ignored: pixels and boxes count as they are stored".to_string()));
    let rgb = DynamicImage::into_rgb8(decoded);
    if rgb.width() == 0 || rgb.height() == 0 {
        return Err(bad("it has no pixels".into()));
    }
    let image = Image { w: rgb.width() as usize, h: rgb.height() as usize, data: rgb.into_raw() };
    Ok(Decoded { image, is_turned, notes })
}

fn conversions(colour: ColorType) -> Vec<String> {
    let grey = matches!(colour, ColorType::L8 | ColorType::La8 | ColorType::L16 | ColorType::La16);
    let deep = matches!(colour, ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16);
    let all = [(grey, "grey expanded to RGB"), (deep, "16 bits reduced to 8"), (colour.has_alpha(), "transparency ignored")];
    all.into_iter().filter(|(occurs, _)| *occurs).map(|(_, note)| note.to_string()).collect()
}

/// Whether a JPEG stream reaches its end marker. Decoders fill up what is missing with grey and say nothing.
///
/// Walks the segments (ITU-T T.81, annex B): a marker and a length each. What lies between them, entropy-coded data after a start of scan, is
/// searched for the next marker.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    // Stuffed zeros, restarts and fill bytes begin no segment.
    let marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0x01 | 0xd0..=0xd7 | 0xff);
    let mut at = 2;
    while let Some(next) = bytes.get(at..).and_then(|rest| rest.windows(2).position(marker)) {
        at += next;
        match bytes[at + 1..] {
            [0xd9, ..] => return true,
            [_, high, low, ..] => at += 2 + usize::from(u16::from_be_bytes([high, low])),
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jpeg_is_whole_only_with_its_end_marker() {
        // Start, a comment that holds an end marker, a scan with a stuffed zero and a restart, end.
        let whole = [0xff, 0xd8, 0xff, 0xfe, 0, 4, 0xff, 0xd9, 0xff, 0xda, 0, 2, 7, 0xff, 0, 9, 0xff, 0xd0, 1, 0xff, 0xd9, 5];
        assert!(jpeg_is_whole(&whole));
        (0..whole.len() - 1).for_each(|n| assert!(!jpeg_is_whole(&whole[..n]), "{n}"));
    }
}
