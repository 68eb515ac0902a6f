//! The broker configs of Apache Kafka 4.3.1 of TLS, SASL and tokens, and the last two.

use super::super::definition::{ConfigDef, boolean, class, double, int, list, long, password, short, string};
use super::super::validator::Validator::{Any, OneOf, OneOfIgnoringCase};
use super::super::validator::{Empty, at_least, between, list_of};

/// In the order of their definition.
pub(super) const SECURITY: &[ConfigDef] = &[
    long(
        "connections.max.reauth.ms",
        Some("0"),
        Any,
        "After this time a SASL connection has to authenticate again.",
    ),
    int(
        "sasl.server.max.receive.size",
        Some("524288"),
        Any,
        "The largest SASL message before a connection is authenticated.",
    ),
    string("security.providers", None, Any, "Classes that provide security algorithms."),
    class(
        "principal.builder.class",
        Some("org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder"),
        Any,
        "The class that tells who is at the other end of a connection.",
    )
    .per_broker(),
    string(
        "ssl.client.auth",
        Some("none"),
        OneOf(&["required", "requested", "none"]),
        "Whether clients show a certificate.",
    )
    .per_broker(),
    string(
        "ssl.principal.mapping.rules",
        Some("DEFAULT"),
        Any,
        "How the name in a certificate becomes a principal.",
    ),
    boolean(
        "ssl.allow.dn.changes",
        Some("false"),
        Any,
        "Whether a new keystore may have another distinguished name.",
    ),
    boolean(
        "ssl.allow.san.changes",
        Some("false"),
        Any,
        "Whether a new keystore may have other alternative names.",
    ),
    string("ssl.protocol", Some("TLSv1.3"), Any, "The newest TLS version that is used.").per_broker(),
    string("ssl.provider", None, Any, "The security provider for TLS.").per_broker(),
    list(
        "ssl.enabled.protocols",
        Some("TLSv1.2,TLSv1.3"),
        list_of(&[], Empty::Allowed),
        "The TLS versions on offer.",
    )
    .per_broker(),
    string("ssl.keystore.type", Some("JKS"), Any, "The format of the keystore.").per_broker(),
    string("ssl.keystore.location", None, Any, "The file of the keystore.").per_broker(),
    password("ssl.keystore.password", None, Any, "The password of the keystore.").per_broker(),
    password("ssl.key.password", None, Any, "The password of the private key.").per_broker(),
    password("ssl.keystore.key", None, Any, "The private key itself.").per_broker(),
    password("ssl.keystore.certificate.chain", None, Any, "The certificates of the private key.")
        .per_broker(),
    string("ssl.truststore.type", Some("JKS"), Any, "The format of the truststore.").per_broker(),
    string("ssl.truststore.location", None, Any, "The file of the truststore.").per_broker(),
    password("ssl.truststore.password", None, Any, "The password of the truststore.").per_broker(),
    password("ssl.truststore.certificates", None, Any, "The trusted certificates themselves.").per_broker(),
    string("ssl.keymanager.algorithm", Some("SunX509"), Any, "The algorithm of the key manager.")
        .per_broker(),
    string("ssl.trustmanager.algorithm", Some("PKIX"), Any, "The algorithm of the trust manager.")
        .per_broker(),
    string(
        "ssl.endpoint.identification.algorithm",
        Some("https"),
        Any,
        "How the server's name is checked against its certificate.",
    )
    .per_broker(),
    string("ssl.secure.random.implementation", None, Any, "The source of random numbers for TLS.")
        .per_broker(),
    list(
        "ssl.cipher.suites",
        Some(""),
        list_of(&[], Empty::Allowed),
        "The cipher suites on offer; none means the defaults.",
    )
    .per_broker(),
    class("ssl.engine.factory.class", None, Any, "The class that makes TLS engines.").per_broker(),
    string(
        "sasl.mechanism.inter.broker.protocol",
        Some("GSSAPI"),
        Any,
        "The SASL mechanism between brokers.",
    )
    .per_broker(),
    list(
        "sasl.enabled.mechanisms",
        Some("GSSAPI"),
        list_of(&[], Empty::Allowed),
        "The SASL mechanisms on offer.",
    )
    .per_broker(),
    class("sasl.server.callback.handler.class", None, Any, "The class that checks credentials."),
    list(
        "sasl.kerberos.principal.to.local.rules",
        Some("DEFAULT"),
        list_of(&[], Empty::Allowed),
        "How Kerberos principals become short names.",
    )
    .per_broker(),
    password("sasl.jaas.config", None, Any, "The JAAS login of a listener.").per_broker(),
    class(
        "sasl.client.callback.handler.class",
        None,
        Any,
        "The class that gives credentials to other brokers.",
    ),
    class("sasl.login.class", None, Any, "The class that logs in."),
    class("sasl.login.callback.handler.class", None, Any, "The class that gives what the login needs."),
    string("sasl.kerberos.service.name", None, Any, "The Kerberos name that Kafka runs under.").per_broker(),
    string("sasl.kerberos.kinit.cmd", Some("/usr/bin/kinit"), Any, "The path of kinit.").per_broker(),
    double(
        "sasl.kerberos.ticket.renew.window.factor",
        Some("0.8"),
        Any,
        "Through which part of its life a ticket is left before it is renewed.",
    )
    .per_broker(),
    double(
        "sasl.kerberos.ticket.renew.jitter",
        Some("0.05"),
        Any,
        "By how much that moment varies at random.",
    )
    .per_broker(),
    long("sasl.kerberos.min.time.before.relogin", Some("60000"), Any, "The least time between two renewals.")
        .per_broker(),
    double(
        "sasl.login.refresh.window.factor",
        Some("0.8"),
        Any,
        "Through which part of its life a credential is left before it is refreshed.",
    )
    .per_broker(),
    double(
        "sasl.login.refresh.window.jitter",
        Some("0.05"),
        Any,
        "By how much that moment varies at random.",
    )
    .per_broker(),
    short("sasl.login.refresh.min.period.seconds", Some("60"), Any, "The least time between two refreshes.")
        .per_broker(),
    short(
        "sasl.login.refresh.buffer.seconds",
        Some("300"),
        Any,
        "How long before its end a credential is refreshed at the latest.",
    )
    .per_broker(),
    int(
        "sasl.login.connect.timeout.ms",
        None,
        Any,
        "How long a connection to the identity provider may take.",
    ),
    int("sasl.login.read.timeout.ms", None, Any, "How long an answer of the identity provider may take."),
    long(
        "sasl.login.retry.backoff.max.ms",
        Some("10000"),
        Any,
        "The longest wait between attempts to log in.",
    ),
    long("sasl.login.retry.backoff.ms", Some("100"), Any, "The first wait between attempts to log in."),
    class(
        "sasl.oauthbearer.jwt.retriever.class",
        Some("org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever"),
        Any,
        "The class that gets tokens.",
    ),
    class(
        "sasl.oauthbearer.jwt.validator.class",
        Some("org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator"),
        Any,
        "The class that checks tokens.",
    ),
    string("sasl.oauthbearer.scope", None, Any, "The scope that is asked for."),
    string(
        "sasl.oauthbearer.client.credentials.client.id",
        None,
        Any,
        "The client id for the identity provider.",
    ),
    password(
        "sasl.oauthbearer.client.credentials.client.secret",
        None,
        Any,
        "The client secret for the identity provider.",
    ),
    string(
        "sasl.oauthbearer.assertion.algorithm",
        Some("RS256"),
        OneOfIgnoringCase(&["ES256", "RS256"]),
        "How an assertion is signed.",
    ),
    string("sasl.oauthbearer.assertion.claim.aud", None, Any, "The audience of an assertion."),
    int(
        "sasl.oauthbearer.assertion.claim.exp.seconds",
        Some("300"),
        between(0.0, 86_400.0),
        "For how long an assertion is valid.",
    ),
    string("sasl.oauthbearer.assertion.claim.iss", None, Any, "The issuer of an assertion."),
    boolean(
        "sasl.oauthbearer.assertion.claim.jti.include",
        Some("false"),
        Any,
        "Whether an assertion has an id of its own.",
    ),
    int(
        "sasl.oauthbearer.assertion.claim.nbf.seconds",
        Some("60"),
        between(0.0, 3600.0),
        "How far back an assertion is valid.",
    ),
    string("sasl.oauthbearer.assertion.claim.sub", None, Any, "The subject of an assertion."),
    string("sasl.oauthbearer.assertion.file", None, Any, "A file with a ready assertion."),
    string("sasl.oauthbearer.assertion.private.key.file", None, Any, "The key that signs assertions."),
    password("sasl.oauthbearer.assertion.private.key.passphrase", None, Any, "The passphrase of that key."),
    string("sasl.oauthbearer.assertion.template.file", None, Any, "A file with claims for assertions."),
    string("sasl.oauthbearer.scope.claim.name", Some("scope"), Any, "The claim that holds the scope."),
    string("sasl.oauthbearer.sub.claim.name", Some("sub"), Any, "The claim that holds the subject."),
    string("sasl.oauthbearer.token.endpoint.url", None, Any, "Where tokens are got."),
    string(
        "sasl.oauthbearer.jwks.endpoint.url",
        None,
        Any,
        "Where the keys of the identity provider are got.",
    ),
    long(
        "sasl.oauthbearer.jwks.endpoint.refresh.ms",
        Some("3600000"),
        Any,
        "How often these keys are got again.",
    ),
    long(
        "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms",
        Some("100"),
        Any,
        "The first wait between attempts to get these keys.",
    ),
    long(
        "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms",
        Some("10000"),
        Any,
        "The longest wait between attempts to get these keys.",
    ),
    int("sasl.oauthbearer.clock.skew.seconds", Some("30"), Any, "How far the clocks may differ."),
    list(
        "sasl.oauthbearer.expected.audience",
        Some(""),
        list_of(&[], Empty::Allowed),
        "The audiences of which a token must name one.",
    ),
    string("sasl.oauthbearer.expected.issuer", None, Any, "The issuer that a token must name."),
    password("delegation.token.secret.key", None, Any, "The secret by which delegation tokens are made."),
    long(
        "delegation.token.max.lifetime.ms",
        Some("604800000"),
        at_least(1.0),
        "How long a delegation token can live at most.",
    ),
    long(
        "delegation.token.expiry.time.ms",
        Some("86400000"),
        at_least(1.0),
        "How long a delegation token is valid unless renewed.",
    ),
    long(
        "delegation.token.expiry.check.interval.ms",
        Some("3600000"),
        at_least(1.0),
        "How often expired delegation tokens are removed.",
    ),
    int(
        "add.partitions.to.txn.retry.backoff.max.ms",
        Some("100"),
        at_least(0.0),
        "How long the broker tries to add a partition to a transaction for a client.",
    ),
    int(
        "add.partitions.to.txn.retry.backoff.ms",
        Some("20"),
        at_least(1.0),
        "The wait between these attempts.",
    ),
];
