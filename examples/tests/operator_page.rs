//! The operator's page of `dms-server`, in headless Chromium by its driver.
//!
//! Debian's packages `chromium` and `chromium-driver` are needed. Where they are not installed the test says
//! so and does nothing, unless `CI` is set.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/lab.rs"]
mod lab;

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use offhook_onboarding::message::ProvisionRequest;
use serde_json::{Value, json};

use crate::lab::{Lab, room};

/// A browser; it ends when it is dropped.
struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// `None` where there is none.
    fn start() -> Option<Self> {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut driver = match driver {
            Ok(driver) => driver,
            Err(error) => {
                assert!(env::var_os("CI").is_none(), "chromedriver: {error}");
                eprintln!("skipped: no chromedriver ({error})");
                return None;
            }
        };
        let output = BufReader::new(driver.stdout.as_mut().unwrap());
        let port = output.lines().find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        let mut browser = Self {
            driver,
            port: port.unwrap(),
            session: String::new(),
        };
        // Nobody signed the certificate of a lab, and the user of a container may be root.
        let options =
            json!({"args": ["--headless=new", "--no-sandbox", "--window-size=1280,1000"]});
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "acceptInsecureCerts": true, "goog:chromeOptions": options}}});
        let session = browser.ask("POST", "/session", Some(&wanted));
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        Some(browser)
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .unwrap();
        // The driver keeps the connection open, whatever it is asked.
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = BufReader::new(stream);
        let (mut length, mut line) = (0, String::from("-"));
        while !line.trim().is_empty() {
            line.clear();
            answer.read_line(&mut line).unwrap();
            if let Some(number) = line.to_lowercase().strip_prefix("content-length:") {
                length = number.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body).unwrap();
        let mut answer: Value = serde_json::from_slice(&body).unwrap();
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].take()
    }

    fn command(&self, method: &str, what: &str, body: Option<&Value>) -> Value {
        let path = format!("/session/{}/{what}", self.session);
        self.ask(method, &path, body)
    }

    fn open(&self, url: &str) {
        self.command("POST", "url", Some(&json!({"url": url})));
    }

    /// The element that the selector finds.
    fn element(&self, selector: &str) -> String {
        let wanted = json!({"using": "css selector", "value": selector});
        let found = self.command("POST", "element", Some(&wanted));
        let element = found.as_object().unwrap().values().next().unwrap();
        element.as_str().unwrap().to_owned()
    }

    fn text(&self, selector: &str) -> String {
        let element = self.element(selector);
        let text = self.command("GET", &format!("element/{element}/text"), None);
        text.as_str().unwrap().to_owned()
    }

    fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        let text = json!({"text": text});
        self.command("POST", &format!("element/{element}/value"), Some(&text));
    }

    fn click(&self, selector: &str) {
        let element = self.element(selector);
        let nothing = json!({});
        self.command("POST", &format!("element/{element}/click"), Some(&nothing));
    }

    /// Clicks what leads to another page, and waits for that.
    fn follow(&self, selector: &str) {
        self.script("window.left = true");
        self.click(selector);
        let there = "return !window.left && document.readyState === 'complete'";
        for _ in 0..1_200 {
            if self.script(there) == true {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{selector} leads nowhere");
    }

    fn script(&self, script: &str) -> Value {
        let script = json!({"script": script, "args": []});
        self.command("POST", "execute/sync", Some(&script))
    }

    /// Keeps a picture of the page, for people to look at.
    fn picture(&self, name: &str) {
        let picture = self.command("GET", "screenshot", None);
        let picture = STANDARD.decode(picture.as_str().unwrap()).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("operator-page");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name).with_extension("png"), picture).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.ask("DELETE", &format!("/session/{}", self.session), None);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn an_operator_takes_a_device_through_its_life() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let lab = Lab::new();
    lab.with_event_receiver();
    let server = lab.serve();
    let home = server.url.replace("127.0.0.1", "localhost") + "operator";
    browser.open(&home);
    browser.picture("1-sign-in");
    browser.fill("#token", "not.a.token");
    browser.follow("main button");
    assert!(browser.text(".bad").contains("does not let anybody in"));
    browser.fill("#token", lab.token("registrar.token").secret());
    browser.follow("main button");
    assert!(browser.text(".bad").contains("does not let anybody in"));
    browser.fill("#token", lab.token("admin.token").secret());
    browser.follow("main button");
    assert_eq!(browser.text("h1"), "Devices");
    assert_eq!(browser.script("return document.cookie"), "");

    // A name that would be markup, were it not escaped.
    let profile = "<b>room</b> & \"1\"";
    browser.click("section:last-of-type summary");
    browser.fill("[name=profile]", profile);
    browser.fill("[name=account]", "Room 1");
    browser.fill("[name=device_type]", "Room OS");
    browser.fill("[name=model]", "Cisco Desk Pro");
    browser.fill("[name=line_port]", "room-1@example.test");
    browser.fill("[name=tags]", "%DISPLAY_NAME%=Room 1");
    browser.picture("2-add");
    browser.follow("form.add button");
    assert!(
        browser.text("h1").starts_with(profile),
        "{}",
        browser.text("h1")
    );

    browser.follow("form[action$='/code'] button");
    let code = browser.text(".code");
    assert_eq!(code.len(), 19, "{code}");
    assert_eq!(
        browser.script("return document.querySelector('.qr').naturalWidth > 0"),
        true
    );
    browser.picture("3-code");
    browser.follow("main a");
    assert!(browser.text("h1").ends_with("waits for its code"));
    assert!(!browser.text("body").contains(&code));

    let output = lab.room_device(&server, "00:11:22:33:44:55", "device", &[&code]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    browser.open(&home);
    assert!(browser.text("table").contains("SEP001122334455"));
    assert!(browser.text(".state").contains("activated"));
    browser.picture("4-devices");
    browser.follow("td a");
    browser.picture("5-device");
    browser.follow("form[action$='/reboot'] button");
    assert!(browser.text("h1").ends_with("activated"));
    browser.click("form[action$='/deactivation'] input");
    browser.follow("form[action$='/deactivation'] button");
    assert!(browser.text("h1").ends_with("deactivated"));
    browser.fill("form[action$='/code'] input", "owner@example.test");
    browser.follow("form[action$='/code'] button");
    assert_eq!(browser.text("h1"), "The code was mailed");
    browser.follow("main a");
    browser.click("form[action$='/deletion'] input");
    browser.follow("form[action$='/deletion'] button");
    assert!(browser.text("main").contains("There are none here yet"));
    browser.follow("header button");
    assert_eq!(browser.text("h1"), "Sign in");
    browser.open(&(home + "/devices/x"));
    assert_eq!(browser.text("h1"), "Sign in");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_names_break_and_stay_in_their_cards() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let lab = Lab::new();
    let server = lab.serve();
    let (client, token) = (lab.client(&server), lab.token("admin.token"));
    let device = ProvisionRequest {
        account: "a".repeat(80),
        line_port: format!("{}@{}.example.test", "u".repeat(64), "d".repeat(63)),
        ..room(&"p".repeat(80))
    };
    client.provision(&device, &token).await.unwrap();
    let home = server.url.replace("127.0.0.1", "localhost") + "operator";
    browser.open(&home);
    browser.fill("#token", token.secret());
    browser.follow("main button");
    let fits = "return [document.documentElement, ...document.querySelectorAll('header, section, dl')]\
                .filter(box => box.scrollWidth > box.clientWidth).length";
    browser.picture("6-long-names");
    assert_eq!(browser.script(fits), 0);
    browser.follow("td a");
    browser.picture("7-long-name");
    assert_eq!(browser.script(fits), 0);
}
