import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its private key, both as PEM. */
export type Issued = { readonly certificate: string; readonly key: string };

const dayMs = 24 * 3_600_000;
const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Loaded when it is needed: Node.js has no way to issue certificates, and few commands do. */
const load = async () => {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  return x509;
};

const makeKeys = () => webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);

const pemOf = async ({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> => {
  const { PemConverter } = await load();
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY')}\n`;
};

const serialNumber = (): string => Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex');

/** Clocks of pods may be behind this host's. */
const validity = (days: number, now: number) => ({
  notBefore: new Date(now - dayMs),
  notAfter: new Date(now + days * dayMs),
});

/** A certificate authority of its own, for `days`. */
export const makeAuthority = async (name: string, days: number, now = Date.now()): Promise<Issued> => {
  const { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, X509CertificateGenerator } = await load();
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: serialNumber(), name: `CN=${name}`, keys, signingAlgorithm: keyAlgorithm },
    ...validity(days, now),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await pemOf(keys) };
};

export type ServerNames = {
  readonly name: string;
  /** Host names and IP addresses that clients dial. */
  readonly hosts: readonly string[];
  readonly days: number;
};

/** A server's certificate, signed by an authority of {@link makeAuthority}. */
export const issueCertificate = async (
  authority: Issued,
  { name, hosts, days }: ServerNames,
  now = Date.now(),
): Promise<Issued> => {
  const x509 = await load();
  const keys = await makeKeys();
  const issuer = new x509.X509Certificate(authority.certificate);
  const pkcs8 = x509.PemConverter.decodeFirst(authority.key);
  const certificate = await x509.X509CertificateGenerator.create({
    ...{ serialNumber: serialNumber(), subject: `CN=${name}`, issuer: issuer.subject, publicKey: keys.publicKey },
    signingKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, keyAlgorithm, false, ['sign']),
    signingAlgorithm: keyAlgorithm,
    ...validity(days, now),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
      ),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await pemOf(keys) };
};

/**
 * Whether a certificate of `authority` fits its key, is good for all hosts, and stays so for `days`. False for what is none.
 */
export const isGoodFor = (
  { certificate, key }: Issued,
  authority: string,
  { hosts, days }: Pick<ServerNames, 'hosts' | 'days'>,
  now = Date.now(),
): boolean => {
  try {
    const server = new X509Certificate(certificate);
    const isTimely = Date.parse(server.validTo) > now + days * dayMs;
    const isNamed = hosts.every((host) => (isIP(host) ? server.checkIP(host) : server.checkHost(host)) !== undefined);
    const isOfKey = server.checkPrivateKey(createPrivateKey(key));
    return isTimely && isNamed && isOfKey && server.verify(new X509Certificate(authority).publicKey);
  } catch {
    return false;
  }
};
