//! The pictures are read by a decoder that is not of the family of the encoder.

use offhook_activation_code::{ActivationCode, QrPicture};
use rqrr::PreparedImage;

const CODE: &str = "0234-5678-9012-3456";

fn picture() -> QrPicture {
    let code: ActivationCode = CODE.parse().unwrap();
    QrPicture::new(&code).unwrap()
}

/// What a reader sees in a square of `side` pixels.
fn decode(side: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
    let grey = |x, y| if is_dark(x, y) { 0 } else { 255 };
    let mut image = PreparedImage::prepare_from_greyscale(side, side, grey);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

/// Version 1 has 21 modules and the quiet zone 4 on each side; two rows make a line.
#[test]
fn the_terminal_picture_is_a_square_of_29_modules_that_reads_as_the_code() {
    let text = picture().terminal();
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    assert_eq!(lines.len(), 15);
    assert!(lines.iter().all(|line| line.len() == 29));
    let is_dark = |x: usize, y: usize| {
        let (x, y) = (x / 8, y / 8);
        // On a dark background what is not drawn is dark.
        match (lines[y / 2][x], y % 2) {
            (' ', _) | ('▄', 0) | ('▀', 1) => true,
            ('█', _) | ('▀', _) | ('▄', _) => false,
            (other, _) => panic!("{other:?}"),
        }
    };
    assert_eq!(decode(29 * 8, is_dark), CODE.replace('-', ""));
}

#[test]
fn the_svg_picture_is_one_document_without_the_digits_that_reads_as_the_code() {
    let svg = picture().svg();
    assert!(svg.starts_with("<?xml") && svg.ends_with("</svg>"));
    assert!(!svg.contains("0234"));
    let path = svg
        .split_once(" d=\"")
        .unwrap()
        .1
        .split_once('"')
        .unwrap()
        .0;
    let squares: std::collections::BTreeSet<(usize, usize)> = path
        .split('M')
        .skip(1)
        .map(|square| {
            let numbers: Vec<usize> = square
                .split(|char: char| !char.is_ascii_digit() && char != '-')
                .filter_map(|number| number.parse().ok())
                .collect();
            (numbers[0] / 8, numbers[1] / 8)
        })
        .collect();
    assert!(svg.contains("viewBox=\"0 0 232 232\""));
    let digits = decode(232, |x, y| squares.contains(&(x / 8, y / 8)));
    assert_eq!(digits, CODE.replace('-', ""));
}

#[test]
fn the_png_picture_has_its_quiet_zone_and_reads_as_the_code() {
    let file = picture().png().unwrap();
    let decoder = png::Decoder::new(std::io::Cursor::new(file.as_slice()));
    let mut reader = decoder.read_info().unwrap();
    let mut rows = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rows).unwrap();
    assert_eq!((info.width, info.height, info.line_size), (232, 232, 29));
    let is_dark = |x: usize, y: usize| rows[y * 29 + x / 8] >> (7 - x % 8) & 1 == 0;
    for edge in 0..32 {
        assert!((0..232).all(|at| !is_dark(at, edge) && !is_dark(edge, 231 - at)));
    }
    assert!(is_dark(32, 32));
    assert_eq!(decode(232, is_dark), CODE.replace('-', ""));
}
