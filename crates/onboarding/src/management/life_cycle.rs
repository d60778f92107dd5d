//! What becomes of a device after it was provisioned.

use offhook_activation_code::{Page, ProfileId};

use super::{CodePurpose, DeviceManagement, MAX_DRAWS};
use crate::message::CodeIssued;
use crate::{
    Act, CodeDelivery, Device, DeviceKey, DeviceRequest, IssueCodeError, LifeCycleError, MoveError,
    RequestCodeError, RequestCodeRefusal, UpdateError,
};

impl DeviceManagement {
    /// A page of the devices, in the order of their profiles.
    ///
    /// # Errors
    ///
    /// [`UpdateError::Store`] when the store could not answer.
    pub async fn devices(&self, page: Page) -> Result<Vec<Device>, UpdateError> {
        let devices = self.registry.devices(self.tenant(), page).await;
        devices.map_err(UpdateError::Store)
    }

    /// Issues and delivers a code for the device that is to take the place of one that is broken: the old
    /// one serves until the new one is activated.
    ///
    /// # Errors
    ///
    /// As [`issue_code`](Self::issue_code); the device must be activated.
    pub async fn replace(
        &self,
        profile: &ProfileId,
        delivery: CodeDelivery,
        act: &Act,
    ) -> Result<CodeIssued, IssueCodeError> {
        self.issue(profile, delivery, CodePurpose::Replace, act)
            .await
    }

    /// Deactivates a device: its address is cleared, its token and its code are void, and it needs a
    /// new code.
    ///
    /// # Errors
    ///
    /// [`LifeCycleError::Update`] when there is no such device, [`LifeCycleError::Entropy`] when no
    /// dummy name could be drawn.
    ///
    /// # Source
    ///
    /// Webex for `BroadWorks` device integration, moving a device to another owner: the MAC address is
    /// cleared from the old device profile.
    pub async fn deactivate(
        &self,
        profile: &ProfileId,
        act: &Act,
    ) -> Result<Device, LifeCycleError> {
        let mut last = UpdateError::NameInUse;
        for _ in 0..MAX_DRAWS {
            let dummy = self.desk.bytes().map_err(LifeCycleError::Entropy)?;
            let tenant = self.tenant();
            let answer = self
                .registry
                .deactivate(tenant, profile, Some(dummy), act)
                .await;
            match answer {
                Err(error @ UpdateError::NameInUse) => last = error,
                answer => return answer.map_err(LifeCycleError::Update),
            }
        }
        Err(LifeCycleError::Update(last))
    }

    /// Moves a device to another owner: the profile that it has is deactivated, and a code is issued
    /// and delivered for the one that it is to have. Which must be provisioned for the same model, and
    /// have no code: another device may come by that.
    ///
    /// Both happen or neither. Where the mail was then not taken the device has moved, and the code can
    /// be asked for again.
    ///
    /// # Errors
    ///
    /// [`LifeCycleError`].
    ///
    /// # Source
    ///
    /// Webex for `BroadWorks` device integration, moving a device to another owner.
    pub async fn move_device(
        &self,
        from: &ProfileId,
        to: &ProfileId,
        delivery: CodeDelivery,
        act: &Act,
    ) -> Result<CodeIssued, LifeCycleError> {
        if from == to {
            return Err(LifeCycleError::SameProfile);
        }
        let source = self.device(&DeviceKey::Profile(from.clone())).await;
        let Some(source) = source.map_err(LifeCycleError::Update)? else {
            return Err(LifeCycleError::Update(UpdateError::UnknownDevice));
        };
        let target = self.awaits_code(to, &delivery, CodePurpose::Onboard).await;
        let target = target.map_err(LifeCycleError::Code)?;
        if source.model != target.model {
            return Err(LifeCycleError::OtherModel);
        }
        let mut last = MoveError::Update(UpdateError::NameInUse);
        for _ in 0..MAX_DRAWS {
            let dummy = self.desk.bytes().map_err(LifeCycleError::Entropy)?;
            let drawn = self.draw_code(&target, act);
            let (code, new) = drawn.map_err(LifeCycleError::Code)?;
            match self.registry.move_device(from, dummy, &new, act).await {
                Ok(target) => {
                    let issued = self.deliver(code, &new, target, delivery).await;
                    return issued.map_err(LifeCycleError::Code);
                }
                Err(
                    error @ (MoveError::Update(UpdateError::NameInUse)
                    | MoveError::Code(RequestCodeError::Refused(
                        RequestCodeRefusal::CodeInUse,
                    ))),
                ) => last = error,
                Err(error) => return Err(error.into()),
            }
        }
        Err(last.into())
    }

    /// Deletes a device, in whatever state.
    ///
    /// # Errors
    ///
    /// [`UpdateError::UnknownDevice`] when there is none.
    pub async fn delete(&self, profile: &ProfileId, act: &Act) -> Result<Device, UpdateError> {
        self.registry.delete(self.tenant(), profile, act).await
    }

    /// Asks that a device restart, or send a problem report. Call control carries it out; it hears of
    /// it by the outbox.
    ///
    /// # Errors
    ///
    /// [`UpdateError::UnknownDevice`] and [`UpdateError::NotActivated`]; and
    /// [`UpdateError::NoEventReceiver`] where it was made
    /// [`without_event_receiver`](Self::without_event_receiver).
    pub async fn request(
        &self,
        profile: &ProfileId,
        request: DeviceRequest,
        act: &Act,
    ) -> Result<Device, UpdateError> {
        if !self.has_event_receiver() {
            // A device that is not there is told as that everywhere.
            let found = self.device(&DeviceKey::Profile(profile.clone())).await?;
            return Err(found.map_or(UpdateError::UnknownDevice, |_| UpdateError::NoEventReceiver));
        }
        let tenant = self.tenant();
        self.registry.request(tenant, profile, request, act).await
    }
}
