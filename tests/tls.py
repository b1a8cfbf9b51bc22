"""Certificates for servers in tests: an authority of their own, trusted by nobody else."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

CRITICAL = (x509.BasicConstraints, x509.KeyUsage)
SIGNS = dict.fromkeys(
    ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"), False
) | dict.fromkeys(("key_agreement", "encipher_only", "decipher_only"), False)


def write_certificates(folder, *names):
    """Write `ca.pem`, and `server.pem` with a certificate for these names and its key."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority_name, name = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)]) for text in ("CA", names[0])
    )
    authority_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = issue(
        authority_name,
        authority_key,
        authority_name,
        authority_key,
        x509.BasicConstraints(ca=True, path_length=None),
        x509.KeyUsage(**SIGNS, key_cert_sign=True, crl_sign=True),
        authority_id,
    )
    certificate = issue(
        name,
        key,
        authority_name,
        authority_key,
        x509.SubjectAlternativeName([x509.DNSName(each) for each in names]),
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id),
    )
    (folder / "ca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )


def issue(subject, key, issuer, issuer_key, *extensions):
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=1),
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, CRITICAL))
    return builder.sign(issuer_key, hashes.SHA256())
