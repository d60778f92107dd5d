use offhook_activation_code::{ActivationCode, QrPicture};

fn picture() -> QrPicture {
    let code: ActivationCode = "1234-5678-9012-3456".parse().unwrap();
    QrPicture::new(&code).unwrap()
}

/// Version 1 has 21 modules and the quiet zone 4 on each side; two rows make a line.
#[test]
fn the_terminal_picture_is_a_square_of_29_modules() {
    let text = picture().terminal();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 15);
    assert!(lines.iter().all(|line| line.chars().count() == 29));
    assert!(text.chars().all(|char| " ▄▀█\n".contains(char)));
}

#[test]
fn the_svg_picture_is_one_document_without_the_digits() {
    let svg = picture().svg();
    assert!(svg.starts_with("<?xml") && svg.ends_with("</svg>"));
    assert!(!svg.contains("1234"));
}
