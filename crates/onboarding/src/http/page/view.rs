//! How it looks.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, html};
use offhook_activation_code::{ActivationCode, QrPicture, Timestamp};
use url::form_urlencoded::byte_serialize;

use super::HOME;
use crate::message::CodeIssued;
use crate::{ActivationState, Counter, Counters, Device, DeviceManagement, Ownership};

/// The address of a device's page, or of an action there.
pub(super) fn address(profile: &str, action: &str) -> String {
    // A plus sign would be one in a path.
    let profile: String = byte_serialize(profile.as_bytes()).collect();
    let profile = profile.replace('+', "%20");
    match action {
        "" => format!("{HOME}/devices/{profile}"),
        action => format!("{HOME}/devices/{profile}/{action}"),
    }
}

/// The form to sign in.
pub(super) fn sign_in(why: &str) -> Markup {
    let body = html! {
        h1 { "Sign in" }
        @if !why.is_empty() { p.bad role="alert" { (why) } }
        form method="post" action={ (HOME) "/session" } {
            label for="token" { "Access token of an administrator" }
            input #token type="password" name="token" required autocomplete="off";
            button { "Sign in" }
        }
    };
    document("Sign in", None, &body)
}

/// What went wrong.
pub(super) fn failed(status: StatusCode, description: &str) -> Markup {
    let body = html! {
        h1 { "That did not work" }
        p.bad role="alert" { (description) }
        p { a href=(HOME) { "All devices" } }
    };
    document(status.canonical_reason().unwrap_or("Failed"), None, &body)
}

/// All devices, the funnel, the counters, and the form to add one.
pub(super) fn devices(management: &DeviceManagement, devices: &[Device], most: usize) -> Markup {
    let last = devices.last().filter(|_| devices.len() == most);
    let body = html! {
        section {
            h1 { "Devices" }
            @if devices.is_empty() {
                p { "There are none here yet." }
            } @else {
                table {
                    thead { tr {
                        th { "Profile" } th { "State" } th { "Device" } th { "Model" }
                        th { "Address of record" } th { "Registered from" }
                    } }
                    tbody { @for device in devices { tr {
                        td.long { a href=(address(device.profile.as_str(), "")) { (device.profile.as_str()) } }
                        td { (state(device)) }
                        td.mono { (device.name) }
                        td.long { (device.model) }
                        td.long { (device.line_port) }
                        td { @if let Some(registration) = &device.registration {
                            (registration.ip_address)
                        } }
                    } } }
                }
            }
            @if let Some(last) = last {
                @let after: String = byte_serialize(last.profile.as_str().as_bytes()).collect();
                p { a href={ (HOME) "?after=" (after) } { "More devices" } }
            }
        }
        (funnel(management.counters()))
        (add(management))
    };
    document("Devices", Some(management), &body)
}

/// One device and what can be done with it.
pub(super) fn device(management: &DeviceManagement, device: &Device) -> Markup {
    let profile = device.profile.as_str();
    let registered = device.registration.as_ref();
    let is_activated = device.state == ActivationState::Activated;
    let may_have_code = device.mac.is_none() && !is_activated;
    let body = html! {
        h1 { (profile) " " (state(device)) }
        dl {
            dt { "Device" } dd.mono { (device.name) }
            dt { "Account" } dd { (device.account.as_str()) }
            dt { "Device type" } dd { (device.device_type) }
            dt { "Model" } dd { (device.model) }
            dt { "Ownership" } dd { (device.ownership.as_str()) }
            dt { "Address of record" } dd { (device.line_port) }
            dt { "MAC address" } dd.mono { @match device.mac {
                Some(mac) => (mac), None => "none yet",
            } }
            dt { "Serial number" } dd { (device.serial_number.as_deref().unwrap_or("not told yet")) }
            dt { "Registered" } dd { @match registered {
                Some(registered) => {
                    "from " (registered.ip_address) ", " (registered.at)
                },
                None => "not yet",
            } }
        }
        section.actions {
            @if may_have_code {
                form method="post" action=(address(profile, "code")) {
                    h2 { "Activation code" }
                    p { "A code that it had is void then." }
                    (recipient(management))
                    button { "Issue a code" }
                }
            }
            @if is_activated {
                form method="post" action=(address(profile, "replacement")) {
                    h2 { "Replace" }
                    p { "It serves until the one that takes its place is activated." }
                    (recipient(management))
                    button { "Issue a code for another device" }
                }
                form method="post" action=(address(profile, "move")) {
                    h2 { "Move" }
                    p { "Deactivates it here and issues a code for another profile." }
                    (sure())
                    label { "Profile" input name="profile" required maxlength="80"; }
                    (recipient(management))
                    button { "Move" }
                }
                @if management.has_event_receiver() {
                    form method="post" action=(address(profile, "reboot")) {
                        h2 { "Restart" }
                        button { "Have it restart" }
                    }
                    form method="post" action=(address(profile, "problem-report")) {
                        h2 { "Problem report" }
                        button { "Ask for a report" }
                    }
                }
            }
            @if device.state != ActivationState::Deactivated {
                form method="post" action=(address(profile, "deactivation")) {
                    h2 { "Deactivate" }
                    p { "Its token and its code are void then." }
                    (sure())
                    button.danger { "Deactivate" }
                }
            }
            form method="post" action=(address(profile, "deletion")) {
                h2 { "Delete" }
                p { "What the audit log says of it stays." }
                (sure())
                button.danger { "Delete" }
            }
        }
    };
    document(profile, Some(management), &body)
}

/// A code that was issued, this once; `None` where it cannot be drawn.
pub(super) fn code(issued: &CodeIssued) -> Option<Markup> {
    let back = address(&issued.profile, "");
    let until = Timestamp::from_millis(issued.expiry_time);
    let Some(code) = &issued.activation_code else {
        let body = html! {
            h1 { "The code was mailed" }
            p { "It opens nothing from " (until) " on." }
            p { a href=(back) { "Back to " (issued.profile) } }
        };
        return Some(document("Code mailed", None, &body));
    };
    let parsed: ActivationCode = code.secret().parse().ok()?;
    let picture = QrPicture::new(&parsed).ok()?.svg();
    let picture = STANDARD.encode(picture.as_bytes());
    let body = html! {
        h1 { "Activation code for " (issued.profile) }
        p.code.mono { (code.secret()) }
        img.qr alt="The same code as a QR picture" src={ "data:image/svg+xml;base64," (picture) };
        p { strong { "It is shown this once." } " It opens nothing from " (until) " on." }
        p { a href=(back) { "Back to " (issued.profile) } }
    };
    Some(document("Activation code", None, &body))
}

fn state(device: &Device) -> Markup {
    let (class, word) = match device.state {
        ActivationState::Activated if device.registration.is_some() => ("good", "registered"),
        ActivationState::Activated => ("good", "activated"),
        ActivationState::Activating => ("waits", "waits for its code"),
        ActivationState::Deactivated if device.mac.is_some() => ("waits", "waits for the device"),
        ActivationState::Deactivated => ("off", "deactivated"),
    };
    html! { span class={ "state " (class) } { (word) } }
}

/// What keeps a slip of the hand from doing harm.
fn sure() -> Markup {
    html! { label.sure { input type="checkbox" required; "I am sure" } }
}

fn recipient(management: &DeviceManagement) -> Markup {
    html! { label {
        @if management.shows_codes() { "Mail it to (or leave empty to see it here)" }
        @else { "Mail it to" }
        input type="email" name="recipient" required[!management.shows_codes()];
    } }
}

/// From code to registration, as bars; and all counters.
fn funnel(counters: &Counters) -> Markup {
    let steps = [
        ("issued", Counter::CodesIssued),
        ("redeemed", Counter::CodesRedeemed),
        ("configured", Counter::ConfigurationsServed),
        ("registered", Counter::DevicesRegistered),
    ];
    let most = steps.map(|(_, counter)| counters.get(counter));
    let most = most.into_iter().max().unwrap_or_default().max(1);
    let rows = (0_u32..).zip(steps);
    html! {
        section {
            h2 { "Funnel" }
            svg.funnel viewBox="0 0 560 120" role="img" aria-label="Codes issued, codes redeemed, configurations served, devices registered" {
                @for (row, (word, counter)) in rows {
                    @let count = counters.get(counter);
                    @let width = u128::from(count) * 400 / u128::from(most);
                    text x="84" y=(row * 30 + 20) text-anchor="end" { (word) }
                    rect x="92" y=(row * 30 + 4) width=(width) height="22" rx="3" {}
                    text x=(width + 98) y=(row * 30 + 20) { (count) }
                }
            }
            details {
                summary { "Counters of this node since it was started" }
                table.narrow { tbody { @for counter in Counter::ALL { tr {
                    td.mono { (counter.name()) } td.number { (counters.get(counter)) }
                } } } }
            }
        }
    }
}

fn add(management: &DeviceManagement) -> Markup {
    html! {
        section { details {
            summary { "Add a device" }
            form.add method="post" action={ (HOME) "/devices" } {
                label { "Profile" input name="profile" required maxlength="80"; }
                label { "Account" input name="account" required maxlength="80"; }
                label { "Device type" select name="device_type" {
                    @for name in management.device_types() { option { (name) } }
                } }
                label { "Model" input name="model" required; }
                label { "Ownership" select name="ownership" {
                    @for ownership in [Ownership::Workspace, Ownership::Personal] {
                        option { (ownership.as_str()) }
                    }
                } }
                label { "Address of record" input name="line_port" required placeholder="user@example.com"; }
                label { "MAC address (empty where a code is used)" input name="mac_address"; }
                label { "Tags, one a line" textarea name="tags" rows="3" placeholder="%NAME%=value" {} }
                button { "Add" }
            }
        } }
    }
}

fn document(title: &str, signed_in: Option<&DeviceManagement>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · offhook" }
                link rel="stylesheet" href={ (HOME) "/style.css" };
            }
            body {
                header {
                    a href=(HOME) { "offhook" }
                    @if let Some(management) = signed_in {
                        span { (management.tenant().as_str()) }
                        form method="post" action={ (HOME) "/session/end" } { button.plain { "Sign out" } }
                    }
                }
                main { (body) }
            }
        }
    }
}
