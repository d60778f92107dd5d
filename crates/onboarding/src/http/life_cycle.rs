//! The life cycle of devices over HTTP: list, deactivate, move, replace, delete, and what a device is
//! asked to do.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use offhook_activation_code::{Page, ProfileId};
use serde::Deserialize;

use super::caller::{Administrator, Profile};
use super::management::{Created, ManagementApi, conflict, created, issue, update};
use super::problem::{Message, Refused, to_the_end};
use crate::message::{CodeRequest, DeviceList, DeviceStatus, MoveRequest};
use crate::{
    CodeDelivery, DeviceRequest, IssueCodeError, LifeCycleError, MailAddress, RequestCodeError,
    RequestCodeRefusal,
};

/// The routes of an administrator for what becomes of a device.
pub(super) fn routes() -> Router<ManagementApi> {
    Router::new()
        .route("/v1/devices/{profile}/replacement-code", post(replace))
        .route("/v1/devices/{profile}/deactivation", post(deactivate))
        .route("/v1/devices/{profile}/move", post(move_device))
        .route("/v1/devices/{profile}/reboot", post(reboot))
        .route("/v1/devices/{profile}/problem-report", post(problem_report))
}

/// Which part of the devices is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    after: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn list(
    State(api): State<ManagementApi>,
    _: Administrator,
    part: Result<Query<Part>, QueryRejection>,
) -> Result<Json<DeviceList>, Refused> {
    let Query(part) = part.map_err(|error| Refused::bad_request(error.body_text()))?;
    let limit = part.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=Page::MAX_LIMIT).contains(&limit) {
        let what = format!("limit is not 1 to {}", Page::MAX_LIMIT);
        return Err(Refused::bad_request(what));
    }
    let mut page = Page::first(limit);
    if let Some(after) = part.after {
        let after = ProfileId::new(&after);
        page = page.after(after.map_err(|error| Refused::bad_request(error.to_string()))?);
    }
    let devices = api.management.devices(page).await.map_err(update)?;
    let is_full = devices.len() == limit;
    let last = devices.last().filter(|_| is_full);
    let next = last.map(|device| device.profile.as_str().to_owned());
    let devices = devices.into_iter().map(DeviceStatus::from).collect();
    Ok(Json(DeviceList { devices, next }))
}

pub(super) async fn delete(
    State(api): State<ManagementApi>,
    Administrator { act, .. }: Administrator,
    Profile(profile): Profile,
) -> Result<StatusCode, Refused> {
    api.management
        .delete(&profile, &act)
        .await
        .map_err(update)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn replace(
    State(api): State<ManagementApi>,
    Administrator { act, peer }: Administrator,
    Profile(profile): Profile,
    Message(request): Message<CodeRequest>,
) -> Result<Created, Refused> {
    let delivery = delivery(request.recipient.as_deref())?;
    let management = api.management;
    let issued = async move { management.replace(&profile, delivery, &act).await };
    let issued = to_the_end(&peer, issued).await?;
    Ok(created(issued.map_err(issue)?))
}

async fn deactivate(
    State(api): State<ManagementApi>,
    Administrator { act, .. }: Administrator,
    Profile(profile): Profile,
) -> Result<Json<DeviceStatus>, Refused> {
    let device = api.management.deactivate(&profile, &act).await;
    Ok(Json(device.map_err(refused)?.into()))
}

async fn move_device(
    State(api): State<ManagementApi>,
    Administrator { act, peer }: Administrator,
    Profile(from): Profile,
    Message(request): Message<MoveRequest>,
) -> Result<Created, Refused> {
    let to = ProfileId::new(&request.profile);
    let to = to.map_err(|error| Refused::bad_request(error.to_string()))?;
    let delivery = delivery(request.recipient.as_deref())?;
    let management = api.management;
    let issued = async move { management.move_device(&from, &to, delivery, &act).await };
    let issued = to_the_end(&peer, issued).await?;
    Ok(created(issued.map_err(refused)?))
}

async fn reboot(
    state: State<ManagementApi>,
    administrator: Administrator,
    profile: Profile,
) -> Result<StatusCode, Refused> {
    request(state, administrator, profile, DeviceRequest::Reboot).await
}

async fn problem_report(
    state: State<ManagementApi>,
    administrator: Administrator,
    profile: Profile,
) -> Result<StatusCode, Refused> {
    request(state, administrator, profile, DeviceRequest::ProblemReport).await
}

/// 202: call control hears of it, and the device of call control.
async fn request(
    State(api): State<ManagementApi>,
    Administrator { act, .. }: Administrator,
    Profile(profile): Profile,
    request: DeviceRequest,
) -> Result<StatusCode, Refused> {
    let asked = api.management.request(&profile, request, &act).await;
    asked.map_err(update)?;
    Ok(StatusCode::ACCEPTED)
}

/// A profile that cannot exist is none.
pub(super) fn existing(profile: &str) -> Result<ProfileId, Refused> {
    ProfileId::new(profile).map_err(|_| Refused::not_found())
}

/// By mail to the recipient; in the answer where none is named.
pub(super) fn delivery(recipient: Option<&str>) -> Result<CodeDelivery, Refused> {
    let Some(address) = recipient else {
        return Ok(CodeDelivery::Answer);
    };
    MailAddress::new(address)
        .map(CodeDelivery::Mail)
        .ok_or_else(|| Refused::bad_request("malformed mail address"))
}

pub(super) fn refused(error: LifeCycleError) -> Refused {
    match error {
        LifeCycleError::Update(error) => update(error),
        // The profile in the address exists, or that would have been told.
        LifeCycleError::Code(IssueCodeError::Request(RequestCodeError::Refused(
            RequestCodeRefusal::UnknownDevice,
        ))) => {
            let what = "the profile that the device is to have is unknown";
            Refused::new(StatusCode::CONFLICT, "code_not_issued", what)
        }
        LifeCycleError::Code(error) => issue(error),
        LifeCycleError::OtherModel | LifeCycleError::SameProfile => {
            conflict("code_not_issued", &error)
        }
        error @ LifeCycleError::Entropy(_) => Refused::failed(&error),
    }
}

/// How many devices a list has where the caller does not say.
const DEFAULT_LIMIT: usize = 100;
