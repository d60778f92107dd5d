//! A page for operators: devices and what can be done with them, the counters and the funnel.

mod form;
mod session;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Form, Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::Markup;
use offhook_activation_code::{Page, ProfileId};
use serde::Deserialize;

use self::form::{Added, Asked, Moved};
use self::session::{Operator, Unknown, begin, end, no_session};
use super::management::{ManagementApi, issue, onboard, update};
use super::problem::{Refused, is_announced_too_large, to_the_end};
use super::{MAX_BODY_BYTES, Peer, life_cycle};
use crate::message::CodeIssued;
use crate::{Device, DeviceKey, DeviceManagement, DeviceRequest};

/// The page for operators, below `/operator`: devices with their state and the actions of their life
/// cycle, a code with its QR picture shown once, the counters of this node and its funnel.
///
/// It is made on the server and needs no script. Operators sign in with an access token that has the
/// scope of an administrator; the browser keeps it in a cookie that no script and no other site can
/// use, and each request is judged by it anew. What changes something is taken from forms of this
/// page only.
///
/// # Source
///
/// [RFC 6265](https://www.rfc-editor.org/rfc/rfc6265) section 4.1 for the cookie; its prefix, its
/// attribute `SameSite` and the headers that tell where a request comes from are those of browsers.
pub fn operator_router(api: ManagementApi) -> Router {
    Router::new()
        .route("/operator", get(devices))
        .route("/operator/style.css", get(style))
        .route("/operator/session", get(no_session).post(begin))
        .route("/operator/session/end", post(end))
        .route("/operator/devices", post(provision))
        .route("/operator/devices/{profile}", get(device))
        .route("/operator/devices/{profile}/code", post(code))
        .route("/operator/devices/{profile}/replacement", post(replacement))
        .route("/operator/devices/{profile}/move", post(move_device))
        .route("/operator/devices/{profile}/{action}", post(act))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(not_too_large))
        .layer(map_response(guarded))
        .with_state(api)
}

/// Which part of the devices is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    after: Option<String>,
}

async fn devices(
    State(api): State<ManagementApi>,
    _: Operator,
    part: Result<Query<Part>, QueryRejection>,
) -> Result<Markup, Failed> {
    let Query(part) = part.map_err(|error| Refused::bad_request(error.body_text()))?;
    let mut page = Page::first(DEVICES_SHOWN);
    if let Some(after) = part.after {
        page = page.after(life_cycle::existing(&after)?);
    }
    let shown = api.management.devices(page).await.map_err(update)?;
    Ok(view::devices(&api.management, &shown, DEVICES_SHOWN))
}

async fn device(
    State(api): State<ManagementApi>,
    _: Operator,
    Path(profile): Path<String>,
) -> Result<Markup, Failed> {
    let device = found(&api.management, &profile).await?;
    Ok(view::device(&api.management, &device))
}

async fn provision(
    State(api): State<ManagementApi>,
    Operator { act, .. }: Operator,
    form: Result<Form<Added>, FormRejection>,
) -> Result<Redirect, Failed> {
    let request = read(form)?.request().map_err(Refused::bad_request)?;
    let added = api.management.provision(request, &act).await;
    let added = added.map_err(|error| onboard(error, act.now))?;
    Ok(to_device(&added.profile))
}

async fn code(
    State(api): State<ManagementApi>,
    Operator { act, peer }: Operator,
    Path(profile): Path<String>,
    form: Result<Form<Asked>, FormRejection>,
) -> Result<Markup, Failed> {
    let profile = life_cycle::existing(&profile)?;
    let delivery = life_cycle::delivery(read(form)?.recipient())?;
    let management = Arc::clone(&api.management);
    let issued = async move { management.issue_code(&profile, delivery, &act).await };
    shown_once(&peer, issued, issue).await
}

async fn replacement(
    State(api): State<ManagementApi>,
    Operator { act, peer }: Operator,
    Path(profile): Path<String>,
    form: Result<Form<Asked>, FormRejection>,
) -> Result<Markup, Failed> {
    let profile = life_cycle::existing(&profile)?;
    let delivery = life_cycle::delivery(read(form)?.recipient())?;
    let management = Arc::clone(&api.management);
    let issued = async move { management.replace(&profile, delivery, &act).await };
    shown_once(&peer, issued, issue).await
}

async fn move_device(
    State(api): State<ManagementApi>,
    Operator { act, peer }: Operator,
    Path(profile): Path<String>,
    form: Result<Form<Moved>, FormRejection>,
) -> Result<Markup, Failed> {
    let form = read(form)?;
    let from = life_cycle::existing(&profile)?;
    let to = ProfileId::new(&form.profile);
    let to = to.map_err(|error| Refused::bad_request(error.to_string()))?;
    let delivery = life_cycle::delivery(form.recipient())?;
    let management = Arc::clone(&api.management);
    let moved = async move { management.move_device(&from, &to, delivery, &act).await };
    shown_once(&peer, moved, life_cycle::refused).await
}

/// What needs no more than a word.
async fn act(
    State(api): State<ManagementApi>,
    Operator { act, .. }: Operator,
    Path((profile, action)): Path<(String, String)>,
) -> Result<Redirect, Failed> {
    let profile = life_cycle::existing(&profile)?;
    let management = &api.management;
    match action.as_str() {
        "deactivation" => {
            let done = management.deactivate(&profile, &act).await;
            done.map_err(life_cycle::refused)?;
        }
        "deletion" => {
            management.delete(&profile, &act).await.map_err(update)?;
            return Ok(Redirect::to(HOME));
        }
        "reboot" => {
            let asked = management.request(&profile, DeviceRequest::Reboot, &act);
            asked.await.map_err(update)?;
        }
        "problem-report" => {
            let asked = management.request(&profile, DeviceRequest::ProblemReport, &act);
            asked.await.map_err(update)?;
        }
        _ => return Err(Refused::not_found().into()),
    }
    Ok(to_device(&profile))
}

async fn style() -> impl IntoResponse {
    let text = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (text, include_str!("page/style.css"))
}

async fn found(management: &DeviceManagement, profile: &str) -> Result<Device, Refused> {
    let key = DeviceKey::Profile(life_cycle::existing(profile)?);
    let device = management.device(&key).await.map_err(update)?;
    device.ok_or_else(Refused::not_found)
}

fn read<T>(form: Result<Form<T>, FormRejection>) -> Result<T, Refused> {
    let Form(form) = form.map_err(|error| Refused::bad_request(error.body_text()))?;
    Ok(form)
}

fn to_device(profile: &ProfileId) -> Redirect {
    Redirect::to(&view::address(profile.as_str(), ""))
}

/// Has a code issued, and shows it.
async fn shown_once<E: Send + 'static>(
    peer: &Peer,
    issued: impl Future<Output = Result<CodeIssued, E>> + Send + 'static,
    refused: fn(E) -> Refused,
) -> Result<Markup, Failed> {
    let issued = to_the_end(peer, issued).await?.map_err(refused)?;
    view::code(&issued).ok_or_else(|| Refused::unavailable().into())
}

/// A refusal, as a page.
#[derive(Debug)]
enum Failed {
    Refused(Refused),
    Unknown(Unknown),
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refused) => {
                let (status, description) = refused.into_parts();
                (status, view::failed(status, &description)).into_response()
            }
            Self::Unknown(unknown) => unknown.into_response(),
        }
    }
}

/// Refuses a form that is announced to be too long before it comes.
async fn not_too_large(request: Request, next: Next) -> Response {
    if is_announced_too_large(&request) {
        return Failed::from(Refused::too_large()).into_response();
    }
    next.run(request).await
}

/// Headers that keep what is shown here.
async fn guarded(response: Response) -> Response {
    let mut response = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => Failed::from(Refused::not_found()).into_response(),
        _ => response,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

const HOME: &str = "/operator";
const DEVICES_SHOWN: usize = 50;
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";
