use offhook_activation_code::{
    ActivationCode, Binding, Claimant, ClaimantKey, CodeId, CodeMode, CodePolicy, CodeTable,
    RedeemError, Refusal, Replacement,
};
use offhook_device_name::DeviceModel;

use crate::support::{Seeded, device, new_code, now, peppers, redemption, tenant};

fn model() -> DeviceModel {
    DeviceModel::new("CP-8841-3PCC").unwrap()
}

fn remote_access() -> CodeMode {
    CodeMode::RemoteAccess {
        service_domain: "edge.example.com".parse().unwrap(),
    }
}

#[test]
fn on_premises_only_a_certificate_redeems_and_any_other_claimant_burns_nothing() {
    let entropy = &mut Seeded(1);
    let mut table = CodeTable::new();
    let code = ActivationCode::draw(entropy).unwrap();
    let new = new_code(&code, Binding::Model(model()), entropy).with_mode(CodeMode::OnPremises);
    table.issue(&new, now()).unwrap();
    let bare = Claimant::new(ClaimantKey::RedemptionKey([1; 32])).with_model(model());
    for _ in 0..2 {
        let err = table.redeem(&redemption(&code, bare.clone(), entropy), now());
        let Err(RedeemError::Refused(refusal)) = err else {
            panic!("{err:?}")
        };
        assert_eq!(refusal, Refusal::CertificateRequired);
    }
    let proved = redemption(&code, device(1).with_model(model()), entropy);
    let grant = table.redeem(&proved, now()).unwrap();
    assert_eq!(grant.mode(), &CodeMode::OnPremises);
}

#[test]
fn the_grant_for_remote_access_names_the_service_domain_each_time() {
    let entropy = &mut Seeded(2);
    let mut table = CodeTable::new();
    let code = ActivationCode::draw(entropy).unwrap();
    let new = new_code(&code, Binding::Model(model()), entropy).with_mode(remote_access());
    table.issue(&new, now()).unwrap();
    let redeem = redemption(&code, device(1).with_model(model()), entropy);
    for repeated in [false, true] {
        let grant = table.redeem(&redeem, now()).unwrap();
        assert_eq!(grant.repeated(), repeated);
        let domain = grant.mode().service_domain().unwrap();
        assert_eq!(domain.as_str(), "edge.example.com");
    }
}

#[test]
fn a_reissue_takes_over_mode_and_binding() {
    let entropy = &mut Seeded(3);
    for mode in [CodeMode::BroadWorks, CodeMode::OnPremises, remote_access()] {
        let mut table = CodeTable::new();
        let code = ActivationCode::draw(entropy).unwrap();
        let new = new_code(&code, Binding::Model(model()), entropy).with_mode(mode.clone());
        table.issue(&new, now()).unwrap();
        let second = ActivationCode::draw(entropy).unwrap();
        let digests = peppers().digests(&tenant(), &second);
        let id = CodeId::draw(entropy).unwrap();
        let replacement = Replacement::new(id, digests, &CodePolicy::default(), now());
        let issued = table.reissue(new.id(), &replacement).unwrap();
        assert_eq!(
            (issued.mode(), issued.binding()),
            (&mode, new.code().binding())
        );
        assert_eq!(issued.generation(), 2);
    }
}
