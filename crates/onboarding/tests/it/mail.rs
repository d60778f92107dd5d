//! The mailer of a laboratory, and what the tests of all mailers need.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;

use offhook_activation_code::{CodeId, Timestamp};
use offhook_onboarding::{CodeMail, LogMailer, MailAddress, MailError, Mailer as _};
use uuid::Uuid;

pub(crate) const CODE: &str = "1234-5678-9012-3456";

pub(crate) fn mail_for(device_type: &str) -> CodeMail {
    CodeMail::new(
        CodeId::from_uuid(Uuid::from_u128(7)),
        MailAddress::new("owner@example.test").unwrap(),
        CODE.parse().unwrap(),
        device_type.to_owned(),
        Timestamp::from_millis(1_800_000_000_000),
    )
}

/// All that an error can print.
pub(crate) fn printed(error: &MailError) -> String {
    let mut text = format!("{error:?}");
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        write!(text, "|{error}").unwrap();
        next = error.source();
    }
    text
}

#[tokio::test]
async fn a_mail_is_kept_in_the_folder_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mailer = LogMailer::new(folder.path());
    assert_eq!(mailer.newest().unwrap(), None);
    mailer.send(mail_for("Room\r\nBcc: x OS")).await.unwrap();
    let kept = mailer.newest().unwrap().unwrap();
    assert!(
        kept.starts_with("To: owner@example.test\nSubject: "),
        "{kept}"
    );
    for line in [
        "Device:     RoomBcc: x OS",
        "Code:       1234-5678-9012-3456",
        "Good until: 2027-01-15 08:00:00Z",
    ] {
        assert!(kept.lines().any(|each| each == line), "{kept}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = fs::metadata(folder.path().join("0001.eml")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn numbers_go_on_behind_mails_that_are_there() {
    let folder = tempfile::tempdir().unwrap();
    LogMailer::new(folder.path())
        .send(mail_for("first"))
        .await
        .unwrap();
    let again = LogMailer::new(folder.path());
    again.send(mail_for("second")).await.unwrap();
    assert!(again.newest().unwrap().unwrap().contains("second"));
    let first = fs::read_to_string(folder.path().join("0001.eml")).unwrap();
    assert!(first.contains("first"));
}

#[tokio::test]
async fn a_mail_that_cannot_be_kept_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mailer = LogMailer::new(&folder.path().join("none"));
    let error = mailer.send(mail_for("Room OS")).await.unwrap_err();
    assert!(!printed(&error).contains(CODE));
    assert_eq!(mailer.newest().unwrap(), None);
}

#[test]
fn a_mail_prints_no_code() {
    let printed = format!("{:?}", mail_for("Room OS"));
    assert!(printed.contains("owner@example.test"));
    assert!(!printed.contains("1234") && !printed.contains("3456"));
}
