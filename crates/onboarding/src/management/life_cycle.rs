//! What becomes of a device after it was provisioned.

use offhook_activation_code::{Page, ProfileId};

use super::{CodePurpose, DeviceManagement, MAX_DRAWS};
use crate::message::CodeIssued;
use crate::{
    Act, CodeDelivery, Device, DeviceKey, DeviceRequest, IssueCodeError, LifeCycleError,
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
    /// and delivered for the one that it is to have. Which must be provisioned and wait for a device.
    ///
    /// Nothing is changed where no code could be issued for the other profile; once the first one is
    /// deactivated, it stays so, and the code can be asked for again.
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
        if delivery == CodeDelivery::Answer && !self.shows_codes() {
            return Err(LifeCycleError::Code(IssueCodeError::NotShown));
        }
        let device = async |profile: &ProfileId| {
            let device = self.device(&DeviceKey::Profile(profile.clone())).await;
            device.map_err(LifeCycleError::Update)
        };
        let Some(source) = device(from).await? else {
            return Err(LifeCycleError::Update(UpdateError::UnknownDevice));
        };
        let target = device(to).await?;
        let refused = |refusal| {
            let error = RequestCodeError::Refused(refusal);
            Err(LifeCycleError::Code(IssueCodeError::Request(error)))
        };
        match target {
            None => return refused(RequestCodeRefusal::UnknownDevice),
            Some(device) => {
                if let Err(refusal) = self.may_have_code(&device, CodePurpose::Onboard) {
                    return refused(refusal);
                }
            }
        }
        // A profile that waits for its first device has none to move, and a code to lose.
        if source.mac.is_none() {
            return Err(LifeCycleError::Update(UpdateError::NotActivated));
        }
        self.deactivate(from, act).await?;
        let issued = self.issue_code(to, delivery, act).await;
        issued.map_err(LifeCycleError::Code)
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
