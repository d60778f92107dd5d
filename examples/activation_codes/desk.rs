//! The verbs on single codes.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use offhook_activation_code::{
    AccountId, ActivationCode, Binding, CheckDigit, Claimant, ClaimantKey, CodeId, CodeMode,
    CodePolicy, CodeStore, GrantId, IssueError, IssueRefusal, NewCode, OutstandingCode, Page,
    ProfileId, QrPicture, RedeemError, Redemption, RedemptionKey, ReissueError, ReissueRefusal,
    Replacement, SystemEntropy, TenantId,
};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;

use crate::arguments::{
    Arguments, BindingArguments, Issue, List, Mode, Picture, Qr, Redeem, Reissue, Terms, Which,
};
use crate::now;
use crate::report::{self, Line};
use crate::store::Location;
use offhook_examples::keys::{Keys, for_the_owner};

/// An administrator's desk: a store, the secrets and a tenant.
pub(crate) struct Desk {
    pub(crate) store: Arc<dyn CodeStore>,
    pub(crate) keys: Keys,
    pub(crate) tenant: TenantId,
    pub(crate) json: bool,
}

/// What is issued for whom.
pub(crate) struct Order {
    pub(crate) account: AccountId,
    pub(crate) profile: ProfileId,
    pub(crate) binding: Binding,
}

impl Desk {
    pub(crate) async fn open(arguments: &Arguments) -> anyhow::Result<Self> {
        let location = Location::parse(arguments.store.as_deref().unwrap_or(DEFAULT_STORE))?;
        let keys = arguments.keys.clone().unwrap_or_else(|| location.keys());
        let store = location.open().await?;
        if !keys.exists() {
            let keys = keys.display();
            eprintln!("making new secrets in {keys}: without them no code is known again");
        }
        Ok(Self {
            store,
            keys: Keys::open(&keys)?,
            tenant: arguments.tenant.clone(),
            json: arguments.json,
        })
    }

    pub(crate) async fn issue(&self, issue: &Issue) -> anyhow::Result<ExitCode> {
        let order = Order {
            account: issue.account.clone(),
            profile: issue.profile.clone(),
            binding: binding(&issue.binding),
        };
        let (code, new) = self.issue_for(order, &issue.terms).await?;
        self.show(&code, new.code(), issue.qr)
    }

    /// Draws and issues a code.
    pub(crate) async fn issue_for(
        &self,
        order: Order,
        terms: &Terms,
    ) -> anyhow::Result<(ActivationCode, NewCode)> {
        let (entropy, now) = (&mut SystemEntropy::new(), now());
        let policy = policy(terms.ttl, terms.check_digit)?;
        for _ in 0..MAX_DRAWS {
            let (code, id) = (policy.draw(entropy)?, CodeId::draw(entropy)?);
            let new = NewCode::new(
                id,
                self.keys.peppers.digests(&self.tenant, &code),
                order.account.clone(),
                order.profile.clone(),
                order.binding.clone(),
                &policy,
                now,
            );
            let mut new = new.with_mode(mode(terms)?);
            if !terms.no_copy {
                let sealing = &self.keys.sealing;
                new = new.with_sealed(sealing.seal(&code, &self.tenant, id, entropy)?);
            }
            match self.store.issue(&new, now).await {
                Ok(()) => return Ok((code, new)),
                Err(IssueError::Refused(IssueRefusal::DigestTaken | IssueRefusal::IdTaken)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        bail!("every code that was drawn is taken");
    }

    pub(crate) async fn redeem(&self, redeem: &Redeem) -> anyhow::Result<ExitCode> {
        let entropy = &mut SystemEntropy::new();
        let code: ActivationCode = match redeem.code.as_str() {
            "-" => {
                let mut text = String::new();
                io::stdin().take(1_024).read_to_string(&mut text)?;
                text.trim_end().parse()
            }
            text => text.parse(),
        }
        .context("not an activation code")?;
        let key = match (&redeem.public_key, &redeem.redemption_key) {
            (Some(file), _) => ClaimantKey::from_spki(&public_key(file)?),
            (None, Some(text)) => text.parse::<RedemptionKey>()?.claimant_key(),
            (None, None) => {
                let key = RedemptionKey::draw(entropy)?;
                eprintln!("to ask again: --redemption-key {}", key.secret().as_str());
                key.claimant_key()
            }
        };
        let mut device = Claimant::new(key);
        if let Some(mac) = redeem.mac {
            device = device.with_mac(mac);
        }
        if let Some(model) = &redeem.model {
            device = device.with_model(model.clone());
        }
        let digests = self.keys.peppers.digests(&self.tenant, &code);
        let redemption = Redemption::new(digests, device, GrantId::draw(entropy)?);
        match self.store.redeem(&redemption, now()).await {
            Ok(grant) => report::grant(&grant, self.json)?,
            // Whoever has the secrets is the administrator, and may know why.
            Err(RedeemError::Refused(refusal)) => {
                report::refused(refusal, self.json)?;
                return Ok(ExitCode::FAILURE);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(crate) async fn revoke(&self, which: &Which) -> anyhow::Result<ExitCode> {
        let id = self.id(which).await?;
        self.store.revoke(&self.tenant, id, now()).await?;
        report::revoked(id, self.json)?;
        Ok(ExitCode::SUCCESS)
    }

    pub(crate) async fn reissue(&self, reissue: &Reissue) -> anyhow::Result<ExitCode> {
        let (entropy, now) = (&mut SystemEntropy::new(), now());
        let old = self.id(&reissue.which).await?;
        let policy = policy(reissue.ttl, reissue.check_digit)?;
        for _ in 0..MAX_DRAWS {
            let (code, id) = (policy.draw(entropy)?, CodeId::draw(entropy)?);
            let digests = self.keys.peppers.digests(&self.tenant, &code);
            let mut new = Replacement::new(id, digests, &policy, now);
            if !reissue.no_copy {
                let sealing = &self.keys.sealing;
                new = new.with_sealed(sealing.seal(&code, &self.tenant, id, entropy)?);
            }
            match self.store.reissue(old, &new, now).await {
                Ok(new) => return self.show(&code, &new, false),
                Err(ReissueError::Refused(
                    ReissueRefusal::DigestTaken | ReissueRefusal::IdTaken,
                )) => {}
                Err(error) => return Err(error.into()),
            }
        }
        bail!("every code that was drawn is taken");
    }

    pub(crate) async fn list(&self, list: &List) -> anyhow::Result<ExitCode> {
        let (mut lines, mut status) = (Vec::new(), ExitCode::SUCCESS);
        for code in self.outstanding().await? {
            let text = if list.codes {
                self.unseal_or_tell(&code, &mut status)
            } else {
                None
            };
            lines.push(Line::new(&code, text.as_ref()));
        }
        report::list(&lines, list.codes, self.json)?;
        Ok(status)
    }

    pub(crate) async fn qr(&self, qr: &Qr) -> anyhow::Result<ExitCode> {
        let code = self.find(&qr.which).await?;
        let Some(text) = self.unseal(&code)? else {
            bail!("no sealed copy of the code was kept: reissue it");
        };
        let picture = QrPicture::new(&text)?;
        let bytes = match qr.format {
            Picture::Terminal => picture.terminal().as_bytes().to_vec(),
            Picture::Svg => picture.svg().as_bytes().to_vec(),
            Picture::Png => picture.png()?.to_vec(),
        };
        write_out(qr.out.as_deref(), &bytes)?;
        Ok(ExitCode::SUCCESS)
    }

    /// All codes of the tenant that can be redeemed, by profile.
    pub(crate) async fn outstanding(&self) -> anyhow::Result<Vec<OutstandingCode>> {
        let (mut codes, mut page) = (Vec::new(), Page::first(Page::MAX_LIMIT));
        loop {
            let more = self
                .store
                .outstanding(&self.tenant, page.clone(), now())
                .await?;
            let Some(last) = more.last() else {
                return Ok(codes);
            };
            page = page.after(last.profile().clone());
            codes.extend(more);
        }
    }

    /// The code itself, where a sealed copy was kept.
    pub(crate) fn unseal(&self, code: &OutstandingCode) -> anyhow::Result<Option<ActivationCode>> {
        let open = |sealed| self.keys.sealing.open(sealed, code.tenant(), code.id());
        let text = code.sealed().map(open).transpose();
        text.with_context(|| format!("could not open the sealed copy of {}", code.id()))
    }

    /// As [`Desk::unseal`]; a copy that does not open is told of, and stops no list.
    pub(crate) fn unseal_or_tell(
        &self,
        code: &OutstandingCode,
        status: &mut ExitCode,
    ) -> Option<ActivationCode> {
        self.unseal(code).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            *status = ExitCode::FAILURE;
            None
        })
    }

    fn show(
        &self,
        code: &ActivationCode,
        new: &OutstandingCode,
        qr: bool,
    ) -> anyhow::Result<ExitCode> {
        report::issued(&Line::new(new, Some(code)), self.json)?;
        if qr && !self.json {
            println!("\n{}", QrPicture::new(code)?.terminal().as_str());
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn id(&self, which: &Which) -> anyhow::Result<CodeId> {
        match which.id {
            Some(id) => Ok(id),
            None => Ok(self.find(which).await?.id()),
        }
    }

    async fn find(&self, which: &Which) -> anyhow::Result<OutstandingCode> {
        let wanted = |code: &OutstandingCode| match &which.profile {
            Some(profile) => code.profile() == profile,
            None => which.id == Some(code.id()),
        };
        let mut codes = self.outstanding().await?.into_iter();
        codes.find(wanted).context("no such code is outstanding")
    }
}

/// Writes to a new file, or to standard output.
pub(crate) fn write_out(file: Option<&Path>, bytes: &[u8]) -> anyhow::Result<()> {
    match file {
        Some(path) => for_the_owner(path)
            .and_then(|mut file| file.write_all(bytes))
            .with_context(|| format!("could not write {}", path.display())),
        None => Ok(io::stdout().write_all(bytes)?),
    }
}

fn policy(ttl_hours: u16, check_digit: bool) -> anyhow::Result<CodePolicy> {
    let ttl = Duration::from_secs(u64::from(ttl_hours) * 3_600);
    let policy = CodePolicy::default().with_ttl(ttl)?;
    Ok(if check_digit {
        policy.with_check_digit(CheckDigit::Damm)
    } else {
        policy
    })
}

fn mode(terms: &Terms) -> anyhow::Result<CodeMode> {
    Ok(match (terms.mode, &terms.service_domain) {
        (Mode::RemoteAccess, Some(domain)) => CodeMode::RemoteAccess {
            service_domain: domain.clone(),
        },
        (_, Some(_)) => bail!("a service domain goes with --mode remote-access"),
        (Mode::OnPremises, None) => CodeMode::OnPremises,
        (Mode::Broadworks | Mode::RemoteAccess, None) => CodeMode::BroadWorks,
    })
}

fn binding(arguments: &BindingArguments) -> Binding {
    match (arguments.mac, arguments.model.as_slice()) {
        (Some(mac), _) => Binding::Mac(mac),
        (None, [model]) => Binding::Model(model.clone()),
        (None, models) => Binding::AnyOf(models.to_vec()),
    }
}

/// A `SubjectPublicKeyInfo` in PEM, or else in DER.
fn public_key(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(file)
        .and_then(|file| file.take(MAX_KEY_BYTES).read_to_end(&mut bytes))
        .with_context(|| format!("could not read {}", file.display()))?;
    match SubjectPublicKeyInfoDer::from_pem_slice(&bytes) {
        Ok(der) => Ok(der.to_vec()),
        Err(_) if bytes.first() == Some(&0x30) => Ok(bytes),
        Err(_) => bail!("{} holds no public key in PEM or DER", file.display()),
    }
}

const DEFAULT_STORE: &str = "sqlite:activation-codes.db";
/// That a code or name was drawn before is rare; that ten were is a broken generator.
const MAX_DRAWS: usize = 10;
const MAX_KEY_BYTES: u64 = 65_536;
