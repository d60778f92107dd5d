//! The table of all rules.

use super::{Group, Rule, Severity, Source};

/// Each rule as a constant, and all of them in a list.
macro_rules! rules {
    ($($name:ident = $id:literal $group:ident $severity:ident
        $title:literal [$document:expr, $section:literal] $mend:literal;)*) => {
        $(pub(crate) const $name: Rule = Rule {
            id: $id,
            group: Group::$group,
            severity: Severity::$severity,
            title: $title,
            source: Source { document: $document, section: $section },
            mend: $mend,
        };)*
        pub(super) const ALL: &[Rule] = &[$($name),*];
    };
}

rules! {
    // The description.
    NOTHING_DESCRIBED = "nothing-described" Description Error
        "a deployment has BroadWorks, Unified CM or remote access"
        [OURS, ""]
        "describe at least one of [broadworks], [unified-cm] and [remote-access]";
    NO_DEVICE = "no-device" Description Warning
        "BroadWorks, Unified CM and remote access have devices each that are described"
        [OURS, ""]
        "add a [[broadworks.device]] or [[unified-cm.device]] for each model and release, with remote-access = true for those outside";
    UNREADABLE_FILE = "unreadable-file" Description Error
        "the files that the description names can be read"
        [OURS, ""]
        "give PEM or DER certificates, or a device type archive, under the name that stands there";

    // BroadWorks.
    BROADWORKS_RELEASE = "broadworks-release" BroadWorks Warning
        "the release is one that the guide has a table for: 22, 23 or 24"
        [INTEGRATION, "BroadWorks patch requirements"]
        "ask support which patches the release needs";
    BROADWORKS_PLATFORM = "broadworks-platform" BroadWorks Error
        "release 22 is with XSP, release 23 with XSP or ADP, release 24 with ADP"
        [INTEGRATION, "BroadWorks platform requirements"]
        "put the device management on a platform that the guide lists for the release";
    ADP_RELEASE = "adp-release" BroadWorks Error
        "ADP is of 2021.11 or later"
        [INTEGRATION, "BroadWorks patch requirements"]
        "upgrade ADP";
    PATCH_MISSING = "patch-missing" BroadWorks Error
        "the patches of the release are installed"
        [INTEGRATION, "BroadWorks patch requirements"]
        "install the patches";
    FEATURE_NOT_ACTIVATED = "feature-not-activated" BroadWorks Error
        "the features that onboarding needs are activated on the application server"
        [INTEGRATION, "feature activation"]
        "AS_CLI/System/ActivatableFeature> activate NUMBER; name it in included-features where all patches are there and the release does not list it";
    AS_LOCATION_LOOKUP = "as-location-lookup" BroadWorks Error
        "asLocationLookupEnabled is on at the network server"
        [INTEGRATION, "feature activation"]
        "NS_CLI/System/DeviceManagement> set asLocationLookupEnabled true";
    FLOW_THROUGH = "flow-through-provisioning" BroadWorks Error
        "flow-through provisioning is configured, even where users are provisioned otherwise"
        [INTEGRATION, "BroadWorks configuration requirements"]
        "configure flow-through provisioning to Webex";
    INTEGRATED_IMP = "integrated-imp" BroadWorks Error
        "the Integrated IM+P service is on and points to the provisioning bridge"
        [INTEGRATION, "BroadWorks configuration requirements"]
        "enable Integrated IM+P with the provisioning URL that Partner Hub shows";
    DMS_SHARED = "dms-shared" BroadWorks Error
        "each partner organization has a device management instance of its own"
        [INTEGRATION, "BroadWorks configuration requirements"]
        "deploy another device management instance for the partner";
    ACTIVATION_SERVICE = "activation-service" BroadWorks Error
        "the device activation service is deployed where codes are used"
        [INTEGRATION, "prerequisites for activation codes"]
        "deploy the Device Activation Service";
    DAS_URL = "das-url" BroadWorks Error
        "the DAS URL of the cluster is that of device management where codes are used"
        [INTEGRATION, "prerequisites for activation codes"]
        "AS_CLI/Interface/DAS> set url URL, and the same in Partner Hub, View Clusters";
    CLUSTER_CUSTOMERS = "cluster-customers" BroadWorks Error
        "the DAS URL of a cluster with more than 50 customers is added by support"
        [INTEGRATION, "prerequisites for activation codes"]
        "let support add it, then say das-url-by-support = true";
    GDS = "gds" BroadWorks Error
        "phones that use codes have an account with the discovery service"
        [INTEGRATION, "activation codes for MPP devices"]
        "request a GDS account and enter domain and credentials";

    // Tokens and MAC addresses.
    OAUTH_DISABLED = "oauth-disabled" Identity Error
        "OAuth is on for device management where room devices are"
        [INTEGRATION, "configuration of Room OS services"]
        "ADP_CLI/Applications/BroadworksDms/AccessControl/Authentication/OAuth> set enable true";
    OAUTH_SCOPE = "oauth-scope" Identity Error
        "the OAuth scopes include broadworks-connector-user where room devices are"
        [INTEGRATION, "configuration of Room OS services"]
        "add the scope broadworks-connector-user";
    IDENTITY_PROVIDER_ENABLED = "identity-provider-enabled" Identity Warning
        "enabled of the Cisco identity provider is false; the guide sets it so and does not say why"
        [INTEGRATION, "configuration of Room OS services"]
        "CiscoIdentityProvider> set enabled false";
    CLIENT_CREDENTIALS = "client-credentials" Identity Error
        "the OAuth client has its id and secret"
        [INTEGRATION, "configuration of Room OS services"]
        "request them (ADP AuthService Configuration) and set clientId and clientSecret";
    ISSUER = "issuer" Identity Error
        "issuerName and issuerUrl are those of the CI cluster"
        [INTEGRATION, "issuer by CI cluster, table 1"]
        "CiscoIdentityProvider> set issuerName URL, set issuerUrl URL";
    TOKEN_INFO_URL = "token-info-url" Identity Error
        "tokenInfoUrl is the proxy of the Teams cluster where room devices are"
        [INTEGRATION, "token-info URL by Teams cluster, table 2"]
        "CiscoIdentityProvider> set tokenInfoUrl URL";
    RESPONSE_SIZE = "response-size" Identity Error
        "ciResponseBodyMaxSizeInBytes is 65536"
        [INTEGRATION, "configuration of Room OS services"]
        "CiscoIdentityProvider> set ciResponseBodyMaxSizeInBytes 65536";
    FEDERATION_URL = "federation-url" Identity Error
        "flsUrl is that of the federation service where room devices are"
        [INTEGRATION, "configuration of Room OS services"]
        "CiscoIdentityProvider/Federation> set flsUrl https://cifls.webex.com/federation";
    REFRESH_PERIOD = "refresh-period" Identity Warning
        "refreshPeriodInMinutes is 60 where room devices are"
        [INTEGRATION, "configuration of Room OS services"]
        "CiscoIdentityProvider/Federation> set refreshPeriodInMinutes 60";
    REFRESH_TOKEN_PLACE = "refresh-token-place" Identity Error
        "the refresh token is where the release looks, and the partner names agree"
        [INTEGRATION, "configuration of Room OS services"]
        "set the token under CiscoIdentityProvider/Partners and name that partner in Federation; under Federation on ADP before 2022.10, XSP 22, and XSP 23 without ap383838";
    REFRESH_TOKEN_AGE = "refresh-token-age" Identity Error
        "a refresh token is used within 60 days"
        [INTEGRATION, "configuration of Room OS services"]
        "request another refresh token";
    ALLOW_LISTS = "allow-lists" Identity Error
        "Scopes, Admin/RolesAllowed and Admin/ScopesAllowed of the identity provider are empty where room devices are"
        [INTEGRATION, "configuration of Room OS services"]
        "delete every entry of the list";
    DM_BRIDGE = "dm-bridge" Identity Error
        "url and scope of the DM Bridge are set for the Teams cluster where phones are"
        [INTEGRATION, "DM Bridge URL by Teams cluster, table 4"]
        "ADP_CLI/Applications/BroadworksDms/DeviceActivation/DMBridge> set url HOST, set scope dm-bridge:device_auth";
    MAC_SOURCES = "mac-sources" Identity Warning
        "the MAC address is taken from a header or from the certificate, not from both"
        [INTEGRATION, "configuration of MPP services"]
        "switch one of the two off";
    MAC_SOURCE_MISSING = "mac-source-missing" Identity Error
        "the MAC address of a phone is taken from a header or from its certificate"
        [INTEGRATION, "configuration of MPP services"]
        "enable Authentication/Headers behind a firewall, else Authentication/Certificates";
    MAC_SOURCE_PLACE = "mac-source-place" Identity Error
        "behind a firewall a header tells the MAC address, else the certificate"
        [INTEGRATION, "certificates and firewalls"]
        "use the header only where the firewall sets it and removes what clients send";
    IDENTITY_PATTERN = "identity-pattern" Identity Error
        "the identity pattern finds a MAC address, behind the name of the header where there is one"
        [INTEGRATION, "configuration of MPP services"]
        "set identityPattern \"macaddress:.*([0-9a-fA-F]{12}).*\" for a header macaddress, \".*([0-9a-fA-F]{12}).*\" for the certificate";
    MAKER_ROOTS = "maker-roots" Identity Error
        "the certificates of the phones' maker are trusted"
        [INTEGRATION, "certificates and firewalls"]
        "upload them to the ADP or the firewall, and name the file in maker-roots";

    // Devices.
    ROOM_OS_RELEASE = "room-os-release" Devices Error
        "room devices have Room OS 10.13 or later"
        [INTEGRATION, "Room OS prerequisites"]
        "upgrade the devices";
    MPP_RELEASE = "mpp-release" Devices Error
        "phones have MPP firmware 11.3.7 or later"
        [INTEGRATION, "MPP prerequisites"]
        "upgrade the firmware";
    MODEL_NOT_LISTED = "model-not-listed" Devices Warning
        "a guide lists the model for what it is to do"
        [OURS, ""]
        "ask the maker whether the model can do it, or take one that is listed";
    ROOM_OS_CODE = "room-os-code" Devices Error
        "room devices are onboarded by activation code"
        [INTEGRATION, "Room OS onboarding"]
        "set onboarding = \"activation-code\"";
    DEVICE_TYPE_UNKNOWN = "device-type-unknown" Devices Error
        "the device type of each device exists"
        [INTEGRATION, "provisioning of Room OS devices"]
        "import the device type, and describe it or name its archive";
    DEVICE_TYPE = "device-type" Devices Error
        "device types have the flags that onboarding needs, and no rule of theirs is broken"
        [INTEGRATION, "provisioning of Room OS devices"]
        "change the Identity/Device Profile Type or its file";
    MAC_SOURCE_FILE = "mac-source-file" Devices Error
        "the files of phones take the MAC address from the header or the certificate, as device management does"
        [SCHEMA, "files of device types"]
        "set macInNonRequestURI on the file where Authentication/Headers is enabled, macInCert where Authentication/Certificates is";
    DEVICE_PROFILE = "device-profile" Devices Error
        "a profile has no MAC address where a code is used, and else one of 12 hexadecimal digits"
        [INTEGRATION, "provisioning of MPP devices"]
        "change the Identity/Device Profile, or allow activation codes in its type";

    // SIP.
    SIP_DOMAIN = "sip-domain" Sip Error
        "the SIP domain leads to a server over TLS: NAPTR, else SRV _sip._tls, else A"
        [INTEGRATION, "onboarding process for Room OS"]
        "publish _sip._tls.DOMAIN SRV records whose targets have A records";
    SIP_DOMAIN_SRV = "sip-domain-srv" Sip Note
        "the SIP domain has NAPTR or SRV records, so that a second server can take over"
        [INTEGRATION, "onboarding process for Room OS"]
        "publish _sip._tls.DOMAIN SRV records";
    SBC_CHAIN = "sbc-chain" Sip Error
        "the certificate of the SBC leads to an authority in the trust list of the devices"
        [INTEGRATION, "prerequisites for activation codes"]
        "take a certificate of an authority that Security > Collaboration Edge of the device lists, and send the intermediates";
    SBC_NAME = "sbc-name" Sip Warning
        "the certificate of the SBC names the SIP domain; no guide says whether devices look"
        ["RFC 5922", "section 7.3"]
        "take a certificate with the SIP domain as alternative name";
    SBC_EXPIRY = "sbc-expiry" Sip Warning
        "the chain of the SBC is good for another 30 days, and its authority has not ended"
        [OURS, ""]
        "renew the certificate";

    // Remote access.
    EDGE_RECORD = "edge-record" RemoteAccess Error
        "_collab-edge._tls of each external domain resolves outside"
        [EDGE, "SRV records, table 1"]
        "publish _collab-edge._tls.DOMAIN SRV to the Expressway-E, which has an A record";
    UDS_RECORD = "uds-record" RemoteAccess Error
        "_cisco-uds._tcp does not resolve outside"
        [EDGE, "SRV records"]
        "remove _cisco-uds._tcp.DOMAIN from the public DNS";
    EDGE_PORT = "edge-port" RemoteAccess Warning
        "the edge is at port 8443"
        [EDGE, "SRV records, table 1"]
        "give 8443 in the SRV record and open it";
    IPV4_ONLY = "ipv4-only" RemoteAccess Error
        "everything on the way of remote access speaks IPv4 only"
        [EDGE, "Unified CM requirements; unsupported Expressway features"]
        "set the IP mode to IPv4 only, and publish A records for the edge and no AAAA";
    SHARED_ADDRESS = "shared-address" RemoteAccess Error
        "Expressway-C and Expressway-E share no address, translated ones included"
        [EDGE, "IP addresses; firewall configuration"]
        "give each its own address";
    PORT_CLOSED = "port-closed" RemoteAccess Error
        "the firewalls let through what remote access needs"
        [EDGE, "firewall configuration"]
        "open the ports";
    INTERNAL_INBOUND = "internal-inbound" RemoteAccess Warning
        "the internal firewall has no inbound port open: all connections go out"
        [EDGE, "firewall configuration"]
        "close the port unless something else needs it";
    WEB_PROXY_DOMAIN = "web-proxy-domain" RemoteAccess Error
        "the web proxy of Meeting Server has another name than each domain of remote access"
        [EDGE, "network domain"]
        "give the guest account client URI another host";
    PRESENCE_DOMAINS = "presence-domains" RemoteAccess Warning
        "presence domains: one before X8.5.1, up to 50 before X12.6.3, up to 75 from then on"
        [EDGE, "unsupported Expressway features"]
        "upgrade the Expressway or serve fewer domains";
    PROXIED_REGISTRATIONS = "proxied-registrations" RemoteAccess Error
        "large virtual machines proxy 2500 registrations at most; the guide does not say whether each or all together, and is taken to mean all"
        [EDGE, "unsupported Expressway features"]
        "spread the devices over more deployments";
    SIGNING_CERTIFICATES = "signing-certificates" RemoteAccess Error
        "single sign-on has one certificate of the identity provider to verify assertions with"
        [EDGE, "UC feature support"]
        "leave one signing certificate";

    // Versions.
    VERSION_TOO_OLD = "version-too-old" Versions Error
        "each product and client is recent enough for remote access with the authentication that is used"
        [EDGE, "product versions, table 3; client versions, table 6"]
        "upgrade the product or use another authentication";

    // Certificates for remote access.
    CERTIFICATE_USAGE = "certificate-usage" Certificates Error
        "Expressway certificates have client authentication as extended key usage"
        [EDGE, "certificate signing requests, table 5"]
        "have the certificate issued with client authentication";
    CERTIFICATE_NAME = "certificate-name" Certificates Error
        "Expressway certificates carry the names of the deployment"
        [EDGE, "certificate signing requests, table 5"]
        "have the certificate issued with the name among its DNS alternative names";
    CERTIFICATE_CHAIN = "certificate-chain" Certificates Error
        "certificates can be read, lead to their authorities, and self-signed ones differ in name"
        [EDGE, "certificate exchange, table 4"]
        "give the holder's certificate first, then each authority up to the root";
    CERTIFICATE_TRUST = "certificate-trust" Certificates Error
        "each trust store holds the certificates that it must"
        [EDGE, "certificate exchange, table 4"]
        "add the certificate to the store and restart what reads it";
    CERTIFICATE_VALIDITY = "certificate-validity" Certificates Error
        "certificates that are presented have begun and not ended"
        ["RFC 5280", "section 6.1.3"]
        "have the certificate issued anew and install it; of one that has not begun, look at the clock too";
    CERTIFICATE_EXPIRY = "certificate-expiry" Certificates Warning
        "certificates are good for another 30 days, and authorities that are trusted have not ended"
        [OURS, ""]
        "renew the certificate; of an authority, put its successor into the trust stores";
    CERTIFICATE_SIP_OAUTH = "certificate-sip-oauth" Certificates Error
        "the X.509 subject name entered for the Expressway-C is that of its certificate"
        [OAUTH, "OAuth connection to Expressway-C"]
        "enter a name of the Expressway-C certificate under Device > Expressway-C";

    // Unified CM.
    AXL_SERVICE = "axl-service" UnifiedCm Error
        "the AXL web service runs on the publisher where remote access is used"
        [EDGE, "Unified CM requirements"]
        "activate the Cisco AXL Web Service";
    HOME_CLUSTER = "home-cluster" UnifiedCm Error
        "with several clusters, home cluster discovery is set up"
        [EDGE, "Unified CM requirements"]
        "set up ILS or Cluster View, and the home cluster of each user";
    REFRESH_LOGIN = "refresh-login" UnifiedCm Error
        "OAuth with Refresh Login Flow is enabled where the Expressway uses OAuth"
        [EDGE, "Unified CM requirements"]
        "set the enterprise parameter OAuth with Refresh Login Flow to Enabled";
    CM_ACTIVATION_SERVICE = "cm-activation-service" UnifiedCm Error
        "the Device Activation Service runs on the publisher where codes are used"
        [CODES, "device activation service"]
        "activate it in Cisco Unified Serviceability";
    CM_MAKER_ROOTS = "cm-maker-roots" UnifiedCm Error
        "the maker's root certificates are in CallManager-trust where codes are used on premises"
        [CODES, "overview"]
        "upload them to CallManager-trust";
    CM_GROUP = "cm-group" UnifiedCm Note
        "the default group of call managers has a second node where codes are used on premises"
        [CODES, "onboarding on premises"]
        "add a subscriber to the default Communications Manager group";
    ONBOARDING_METHOD = "onboarding-method" UnifiedCm Error
        "the on-premises onboarding method of the model is the one that its devices use"
        [CODES, "registration method"]
        "Device Defaults: set the On-Premise Onboarding Method of the model";
    CLOUD_ONBOARDING = "cloud-onboarding" UnifiedCm Error
        "cloud onboarding is set up where codes are used over remote access"
        [CODES, "cloud onboarding for remote access"]
        "Cloud Onboarding: generate credentials, name the MRA activation domain, allow MRA onboarding";
    SERVICE_DOMAIN = "service-domain" UnifiedCm Error
        "each device of remote access has a service domain, or the default one, with the edge's SRV record"
        [CODES, "service domains for remote access"]
        "Advanced Features > MRA Service Domains: add the domain with its SRV record, and mark one as the default";
    CM_MODEL_RELEASE = "cm-model-release" UnifiedCm Error
        "models are used with releases that the guides list them from"
        [CODES, "prerequisites"]
        "upgrade Unified CM or the device";
    SIP_OAUTH = "sip-oauth" UnifiedCm Error
        "SIP OAuth mode is set up where devices use it"
        [OAUTH, "configuration task flow"]
        "complete the task flow of SIP OAuth mode";
    SIP_OAUTH_PROFILE = "sip-oauth-profile" UnifiedCm Error
        "phone security profiles with OAuth are encrypted, over TLS, without digest and TFTP encryption"
        [OAUTH, "device security mode in the phone security profile"]
        "change the phone security profile";
    SIP_OAUTH_REMOTE = "sip-oauth-remote" UnifiedCm Error
        "telephones with SIP OAuth over remote access use codes, from release 14"
        [OAUTH, "SIP OAuth phones in remote access mode"]
        "onboard them by activation code, or upgrade Unified CM";
}

const CODES: &str = "Unified CM, device onboarding by activation code";
const EDGE: &str = "requirements of mobile and remote access";
const INTEGRATION: &str = "device integration for Webex on BroadWorks";
const OAUTH: &str = "Unified CM, SIP OAuth mode";
const SCHEMA: &str = "schema of the provisioning interface";
const OURS: &str = "a rule of this project's own";
