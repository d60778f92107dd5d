//! The ways in which the primary user of a device comes to Webex.

use thiserror::Error;

use crate::Ownership;

/// A way of provisioning the primary user of a device.
///
/// Every device has a primary user, that of a workspace too. `isPlace` at the user says which it
/// is, and that leaves one way for a workspace and the other ones for persons.
///
/// # Source
///
/// Webex for BroadWorks device integration, provision Room OS devices and provision MPP device:
/// the options by device type and provisioning method.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UserProvisioning {
    /// Flow-through: BroadWorks provisions the user when the service Integrated IM&P is assigned.
    Flowthrough(FlowthroughEmail),
    /// The user does it at the User Activation Portal.
    SelfActivation,
    /// A program calls the public API that provisions BroadWorks subscribers.
    SubscriberApi,
    /// A program calls the public API that provisions a BroadWorks workspace.
    WorkspaceApi,
}

/// Whether flow-through provisioning trusts the mail address that BroadWorks has of a user.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum FlowthroughEmail {
    /// It does, and needs it.
    Trusted,
    /// It does not, and needs none.
    Untrusted,
}

/// What has to hold before a way of provisioning can be gone.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UserRequirement {
    /// The customer template is set to flow-through with trusted mail addresses.
    CustomerTemplateTrusted,
    /// The customer template is set to flow-through with untrusted mail addresses.
    CustomerTemplateUntrusted,
    /// Flow-through is set up, so that BroadWorks can provision devices, whatever way the users go.
    DeviceFlowthrough,
    /// The service Integrated IM&P is enabled and points at the provisioning bridge.
    ImpService,
    /// The device has a primary user.
    PrimaryUser,
    /// The user has a mail address at BroadWorks.
    UserEmail,
}

/// What is done on a way of provisioning, and by whom.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UserStep {
    /// The administrator assigns the service Integrated IM&P to the user.
    AssignImp,
    /// A program calls the API for BroadWorks subscribers, for the user.
    CallSubscriberApi,
    /// A program calls the API for BroadWorks workspaces, for the workspace device.
    CallWorkspaceApi,
    /// The administrator sends the URL of the User Activation Portal to the user.
    SendPortalUrl,
    /// The administrator enters the mail address of the user at BroadWorks.
    SetUserEmail,
    /// The user validates a mail address at the portal; only that completes the provisioning.
    ValidateEmail,
}

/// Why a user cannot be provisioned in a way.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum UserProvisioningRefusal {
    /// Something has to hold first.
    #[error("{}", missing.as_str())]
    Missing {
        /// What.
        missing: UserRequirement,
    },
    /// The way is for devices of the other kind.
    #[error("this way of provisioning is for a {} device", wanted.as_str())]
    OtherOwnership {
        /// For which.
        wanted: Ownership,
    },
}

impl UserProvisioning {
    /// All ways.
    pub const ALL: [Self; 5] = [
        Self::WorkspaceApi,
        Self::SubscriberApi,
        Self::SelfActivation,
        Self::Flowthrough(FlowthroughEmail::Trusted),
        Self::Flowthrough(FlowthroughEmail::Untrusted),
    ];

    /// Whose devices the way is for.
    #[must_use]
    pub const fn ownership(self) -> Ownership {
        match self {
            Self::WorkspaceApi => Ownership::Workspace,
            Self::Flowthrough(_) | Self::SelfActivation | Self::SubscriberApi => {
                Ownership::Personal
            }
        }
    }

    /// What has to hold, the whole system's first.
    #[must_use]
    pub const fn requirements(self) -> &'static [UserRequirement] {
        use UserRequirement::{
            CustomerTemplateTrusted, CustomerTemplateUntrusted, DeviceFlowthrough, ImpService,
            PrimaryUser, UserEmail,
        };
        match self {
            Self::Flowthrough(FlowthroughEmail::Trusted) => &[
                DeviceFlowthrough,
                ImpService,
                CustomerTemplateTrusted,
                PrimaryUser,
                UserEmail,
            ],
            Self::Flowthrough(FlowthroughEmail::Untrusted) => &[
                DeviceFlowthrough,
                ImpService,
                CustomerTemplateUntrusted,
                PrimaryUser,
            ],
            Self::SelfActivation | Self::SubscriberApi | Self::WorkspaceApi => {
                &[DeviceFlowthrough, ImpService, PrimaryUser]
            }
        }
    }

    /// What is done, in this order.
    #[must_use]
    pub const fn steps(self) -> &'static [UserStep] {
        match self {
            Self::Flowthrough(FlowthroughEmail::Trusted) => {
                &[UserStep::AssignImp, UserStep::SetUserEmail]
            }
            Self::Flowthrough(FlowthroughEmail::Untrusted) => &[UserStep::AssignImp],
            Self::SelfActivation => &[UserStep::SendPortalUrl, UserStep::ValidateEmail],
            Self::SubscriberApi => &[UserStep::CallSubscriberApi],
            Self::WorkspaceApi => &[UserStep::CallWorkspaceApi],
        }
    }

    /// Whether the primary user of a device of `ownership` can be provisioned in this way, where
    /// `holds` tells what holds.
    ///
    /// # Errors
    ///
    /// [`UserProvisioningRefusal`] when the way is for other devices, or else at the first
    /// requirement that does not hold.
    pub fn check(
        self,
        ownership: Ownership,
        mut holds: impl FnMut(UserRequirement) -> bool,
    ) -> Result<(), UserProvisioningRefusal> {
        let wanted = self.ownership();
        if ownership != wanted {
            return Err(UserProvisioningRefusal::OtherOwnership { wanted });
        }
        let mut requirements = self.requirements().iter();
        match requirements.find(|requirement| !holds(**requirement)) {
            Some(missing) => Err(UserProvisioningRefusal::Missing { missing: *missing }),
            None => Ok(()),
        }
    }
}

impl UserRequirement {
    const fn as_str(self) -> &'static str {
        match self {
            Self::CustomerTemplateTrusted => {
                "the customer template is not set to trusted mail addresses"
            }
            Self::CustomerTemplateUntrusted => {
                "the customer template is not set to untrusted mail addresses"
            }
            Self::DeviceFlowthrough => "flow-through provisioning of devices is not set up",
            Self::ImpService => "Integrated IM&P does not point at the provisioning bridge",
            Self::PrimaryUser => "the device has no primary user",
            Self::UserEmail => "the user has no mail address at BroadWorks",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Provision Room OS devices, step 6: one option for a workspace, the others for persons.
    #[test]
    fn a_workspace_has_one_way_and_a_person_the_others() {
        for way in UserProvisioning::ALL {
            let for_workspace = way.check(Ownership::Workspace, |_| true);
            let for_person = way.check(Ownership::Personal, |_| true);
            let is_workspace = way == UserProvisioning::WorkspaceApi;
            assert_eq!(for_workspace.is_ok(), is_workspace, "{way:?}");
            assert_eq!(for_person.is_ok(), !is_workspace, "{way:?}");
        }
        let refused = UserProvisioning::SelfActivation.check(Ownership::Workspace, |_| true);
        let text = "this way of provisioning is for a personal device";
        assert_eq!(refused.unwrap_err().to_string(), text);
    }

    /// BroadWorks configuration requirements: devices need flow-through and the bridge whatever way
    /// the users go; provision Room OS devices: a workspace has a primary user as well.
    #[test]
    fn every_way_needs_the_bridge_and_a_primary_user() {
        for way in UserProvisioning::ALL {
            for requirement in [
                UserRequirement::DeviceFlowthrough,
                UserRequirement::ImpService,
                UserRequirement::PrimaryUser,
            ] {
                let refused = way.check(way.ownership(), |each| each != requirement);
                let missing = requirement;
                let wanted = Err(UserProvisioningRefusal::Missing { missing });
                assert_eq!(refused, wanted, "{way:?}");
            }
        }
    }

    /// Provision Room OS devices, step 7: a mail address in the trusted flow only, and a customer
    /// template for the flow that is gone.
    #[test]
    fn flow_through_needs_a_mail_address_where_that_is_trusted() {
        let trusted = UserProvisioning::Flowthrough(FlowthroughEmail::Trusted);
        let untrusted = UserProvisioning::Flowthrough(FlowthroughEmail::Untrusted);
        let without = |way: UserProvisioning, missing| {
            way.check(Ownership::Personal, |each| each != missing).err()
        };
        let refused = |missing| Some(UserProvisioningRefusal::Missing { missing });
        let email = UserRequirement::UserEmail;
        assert_eq!(without(trusted, email), refused(email));
        assert_eq!(without(untrusted, email), None);
        let template = UserRequirement::CustomerTemplateTrusted;
        assert_eq!(without(trusted, template), refused(template));
        assert_eq!(without(untrusted, template), None);
        let template = UserRequirement::CustomerTemplateUntrusted;
        assert_eq!(without(trusted, template), None);
        assert_eq!(without(untrusted, template), refused(template));
        assert_eq!(
            trusted.steps(),
            [UserStep::AssignImp, UserStep::SetUserEmail]
        );
        assert_eq!(untrusted.steps(), [UserStep::AssignImp]);
    }

    /// Provision Room OS devices, step 6: what each option does.
    #[test]
    fn each_way_ends_with_what_completes_it() {
        let last = |way: UserProvisioning| way.steps().last().copied();
        for (way, step) in [
            (UserProvisioning::WorkspaceApi, UserStep::CallWorkspaceApi),
            (UserProvisioning::SubscriberApi, UserStep::CallSubscriberApi),
            (UserProvisioning::SelfActivation, UserStep::ValidateEmail),
        ] {
            assert_eq!(last(way), Some(step));
        }
        let portal = UserProvisioning::SelfActivation.steps();
        assert_eq!(portal.first(), Some(&UserStep::SendPortalUrl));
    }
}
