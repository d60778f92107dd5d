use std::error::Error as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use offhook_activation_code::QrPicture;
use offhook_onboarding::{
    MailAddress, MailError, Mailer as _, SmtpError, SmtpMailer, SmtpSetupError,
};

use crate::mail::{CODE, mail_for, printed};
use crate::smtp_server::{Behaviour, SmtpServer};

fn sender() -> MailAddress {
    MailAddress::new("onboarding@example.test").unwrap()
}

fn starttls(server: &SmtpServer) -> SmtpMailer {
    SmtpMailer::starttls("127.0.0.1", sender(), std::slice::from_ref(&server.root))
        .unwrap()
        .with_port(server.address.port())
}

fn tls(server: &SmtpServer) -> SmtpMailer {
    SmtpMailer::tls("127.0.0.1", sender(), std::slice::from_ref(&server.root))
        .unwrap()
        .with_port(server.address.port())
}

fn smtp(error: &MailError) -> &SmtpError {
    error.source().unwrap().downcast_ref().unwrap()
}

fn with_starttls() -> Behaviour {
    Behaviour {
        offers_starttls: true,
        ..Behaviour::default()
    }
}

#[tokio::test]
async fn a_mail_arrives_over_tls_with_text_and_picture() {
    let server = SmtpServer::start(with_starttls()).await;
    let mailer = starttls(&server).with_login("dm", "open sesame".to_owned().into());
    mailer.send(mail_for("Room OS")).await.unwrap();

    let heard = server.heard();
    let plain: Vec<_> = heard
        .iter()
        .filter(|line| !line.starts_with("tls "))
        .collect();
    assert_eq!(plain.len(), 2, "EHLO and STARTTLS alone: {plain:?}");
    let login = format!("tls AUTH PLAIN {}", STANDARD.encode("\0dm\0open sesame"));
    for line in [
        login.as_str(),
        "tls MAIL FROM:<onboarding@example.test>",
        "tls RCPT TO:<owner@example.test>",
        "tls From: onboarding@example.test",
        "tls To: owner@example.test",
        "tls Subject: Your activation code",
        "tls Message-ID: <00000000-0000-0000-0000-000000000007@example.test>",
        "tls Device:     Room OS",
        "tls Code:       1234-5678-9012-3456",
        "tls Good until: 2027-01-15 08:00:00Z",
        "tls Content-Type: image/png",
    ] {
        assert!(heard.iter().any(|each| each == line), "{line}: {heard:#?}");
    }
    let picture = heard
        .iter()
        .skip_while(|line| *line != "tls Content-Type: image/png");
    let base64: String = picture
        .skip_while(|line| *line != "tls ")
        .skip(1)
        .take_while(|line| !line.starts_with("tls --"))
        .map(|line| &line[4..])
        .collect();
    let wanted = QrPicture::new(&CODE.parse().unwrap())
        .unwrap()
        .png()
        .unwrap();
    assert_eq!(STANDARD.decode(base64).unwrap(), *wanted);
    assert!(!format!("{mailer:?}").contains("sesame"));
}

#[tokio::test]
async fn tls_from_the_first_byte_on() {
    let behaviour = Behaviour {
        implicit_tls: true,
        ..Behaviour::default()
    };
    let server = SmtpServer::start(behaviour).await;
    let mailer = tls(&server);
    mailer.send(mail_for("Room OS")).await.unwrap();
    assert!(server.heard().contains(&"tls .".to_owned()));
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_mail() {
    let server = SmtpServer::start(Behaviour::default()).await;
    let error = starttls(&server)
        .send(mail_for("Room OS"))
        .await
        .unwrap_err();
    assert!(matches!(smtp(&error), SmtpError::Ability), "{error:?}");
    let heard = server.heard();
    assert!(
        !heard.iter().any(|line| line.starts_with("MAIL")),
        "{heard:?}"
    );
}

#[tokio::test]
async fn a_server_with_another_certificate_gets_no_mail() {
    let server = SmtpServer::start(with_starttls()).await;
    let other = SmtpServer::named("mail.example.test", with_starttls()).await;
    let unknown = SmtpMailer::starttls("127.0.0.1", sender(), std::slice::from_ref(&other.root))
        .unwrap()
        .with_port(server.address.port());
    for mailer in [unknown, starttls(&other)] {
        let error = mailer.send(mail_for("Room OS")).await.unwrap_err();
        assert!(
            matches!(smtp(&error), SmtpError::Connection(_)),
            "{error:?}"
        );
    }
    for heard in [server.heard(), other.heard()] {
        assert!(!heard.iter().any(|line| line.contains("MAIL")), "{heard:?}");
    }
}

#[tokio::test]
async fn what_the_server_refuses_is_told_by_status_alone() {
    for (command, answer) in [
        ("MAIL", "451 later 1234-5678-9012-3456"),
        ("RCPT", "550 nobody 1234-5678-9012-3456"),
        (".", "554 no 1234-5678-9012-3456"),
        (".", "hello 1234-5678-9012-3456"),
    ] {
        let answers = vec![(command, answer)];
        let behaviour = Behaviour {
            answers,
            ..with_starttls()
        };
        let server = SmtpServer::start(behaviour).await;
        let error = starttls(&server)
            .send(mail_for("Room OS"))
            .await
            .unwrap_err();
        match (answer.split(' ').next(), smtp(&error)) {
            (Some("451"), SmtpError::Deferred { status: 451 })
            | (Some("550"), SmtpError::Refused { status: 550 })
            | (Some("554"), SmtpError::Refused { status: 554 })
            | (Some("hello"), SmtpError::Answer) => {}
            (_, other) => panic!("{answer}: {other:?}"),
        }
        let is_refused = matches!(error, MailError::Refused(_));
        assert_eq!(is_refused, answer.starts_with('5'), "{answer}");
        assert!(!printed(&error).contains(CODE), "{}", printed(&error));
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    for implicit_tls in [false, true] {
        let behaviour = Behaviour {
            implicit_tls,
            is_silent: true,
            ..Behaviour::default()
        };
        let server = SmtpServer::start(behaviour).await;
        let mailer = if implicit_tls {
            tls(&server)
        } else {
            starttls(&server)
        };
        let mailer = mailer.with_timeout(Duration::from_millis(50));
        let error = mailer.send(mail_for("Room OS")).await.unwrap_err();
        assert!(matches!(smtp(&error), SmtpError::Timeout), "{error:?}");
    }
}

#[tokio::test]
async fn plaintext_stays_on_this_machine() {
    let far = "192.0.2.1:25".parse().unwrap();
    let refused = SmtpMailer::danger_plaintext(far, sender()).map(drop);
    assert_eq!(refused, Err(SmtpSetupError::NotLoopback));

    let server = SmtpServer::start(Behaviour::default()).await;
    let mailer = SmtpMailer::danger_plaintext(server.address, sender()).unwrap();
    mailer.send(mail_for("Room OS")).await.unwrap();
    assert!(server.heard().contains(&format!("Code:       {CODE}")));
}

#[test]
fn a_mailer_that_cannot_work_is_not_made() {
    let broken = [vec![1, 2, 3].into()];
    let refused = SmtpMailer::tls("mail.example.test", sender(), &broken).map(drop);
    assert_eq!(refused, Err(SmtpSetupError::Root));
    for server in ["", "a b", "a\r\nb"] {
        let refused = SmtpMailer::tls(server, sender(), &[]).map(drop);
        assert_eq!(refused, Err(SmtpSetupError::Server), "{server:?}");
    }
}
