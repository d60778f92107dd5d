use offhook_activation_code::ActivationCode;
use offhook_testkit::{
    Fault, PhoneBy, Witness, World, onboard_mpp, onboard_room_os, sample_archives, show_fault,
};

#[derive(Default)]
struct Recorder {
    refused: Vec<String>,
    failed: usize,
    codes: usize,
}

impl Witness for Recorder {
    fn failed(&mut self, _: &str, _: &anyhow::Error, _: std::time::Duration) {
        self.failed += 1;
    }

    fn code(&mut self, _: &ActivationCode) -> anyhow::Result<()> {
        self.codes += 1;
        Ok(())
    }

    fn refused(&mut self, by: &str, said: &str) {
        self.refused.push(format!("{by}: {said}"));
    }

    fn note(&mut self, text: &str) {
        if let Some((_, reason)) = text.split_once("the reason: ") {
            self.refused
                .iter_mut()
                .for_each(|said| said.push_str(reason));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_refused_by_whom_it_must() {
    for fault in Fault::ALL {
        assert_eq!(Fault::named(fault.name()), Some(fault));
        let folder = tempfile::tempdir().unwrap();
        let world = World::start(folder.path(), &sample_archives(), fault.world())
            .await
            .unwrap();
        let mut seen = Recorder::default();
        show_fault(fault, &world, folder.path(), &mut seen)
            .await
            .unwrap();
        let wanted: &[&str] = match fault {
            Fault::WrongModel => &["activation service: ", "wrong-model"],
            Fault::UsedCode => &["activation service: ", "already-redeemed"],
            Fault::ExpiredCode => &["activation service: ", "expired"],
            Fault::ForeignToken => &["device management: ", "invalid_token"],
            Fault::PlaintextSrv => &["the device itself: ", "no service over TLS"],
            Fault::UntrustedCertificate => &["the device itself: ", "UnknownIssuer"],
            Fault::SpoofedHeader => &["device management: ", "untrusted_proxy"],
            _ => panic!("{fault:?}"),
        };
        let last = seen.refused.last().unwrap();
        assert!(wanted.iter().all(|part| last.contains(part)), "{last}");
        assert_eq!(seen.failed, 0);
    }
    assert_eq!(Fault::named("no-such-fault"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_devices_are_onboarded_before_a_witness() {
    for by in [PhoneBy::Certificate, PhoneBy::CertificateAndCode] {
        let folder = tempfile::tempdir().unwrap();
        let options = offhook_testkit::WorldOptions::default();
        let world = World::start(folder.path(), &sample_archives(), options)
            .await
            .unwrap();
        let mut seen = Recorder::default();
        onboard_room_os(&world, folder.path(), &mut seen)
            .await
            .unwrap();
        onboard_mpp(&world, folder.path(), by, &mut seen)
            .await
            .unwrap();
        assert_eq!(seen.codes, if by == PhoneBy::Certificate { 1 } else { 2 });
        assert_eq!(seen.failed, 0);
    }
}
