/** A key pair as shells have it: the private one as PEM, the public one as a line of authorized_keys. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';

const field = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** A positive number of SSH: a leading zero where the first bit is set. */
const number = (base64url: string): Buffer => {
  const bytes = Buffer.from(base64url, 'base64url');
  return field((bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
};

export const makeKeys = (): { readonly privateKey: string; readonly publicKey: string } => {
  const { privateKey } = generateKeyPairSync('rsa', {
    ...{ modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' } },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const { n = '', e = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const blob = Buffer.concat([field(Buffer.from('ssh-rsa')), number(e), number(n)]);
  return { privateKey, publicKey: `ssh-rsa ${blob.toString('base64')}\n` };
};
