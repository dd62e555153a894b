import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { HostPort } from './dial.ts';

/** How a listener's task speaks; `silent`: it does not, or not in time. */
export type Transport = 'tls' | 'ssh' | 'clear' | 'silent';

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const sized = (...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([u16(body.length), body]);
};
const extension = (type: number, ...parts: readonly Buffer[]): Buffer => Buffer.concat([u16(type), sized(...parts)]);

const hexOf = (text: string): Buffer => Buffer.from(text, 'hex');

/**
 * A ClientHello for TLS 1.2 and 1.3 (RFC 8446, 4.1.2). Whatever a TLS server thinks of it, it answers with a record of TLS:
 * its own hello or an alert. Nothing secret is sent, and no certificate is judged.
 */
const clientHello = (): Buffer => {
  const extensions = [
    extension(43, hexOf('0403040303')), // supported_versions: 1.3, 1.2
    extension(10, hexOf('0004001d0017')), // supported_groups: x25519, secp256r1
    extension(11, hexOf('0100')), // ec_point_formats: uncompressed
    extension(13, sized(hexOf('04030804040105030805050106010807'))), // signature_algorithms
    extension(51, sized(hexOf('001d'), sized(randomBytes(32)))), // key_share: x25519
  ];
  const ciphers = sized(hexOf('130113021303c02bc02fc02cc030009c002f'));
  const body = [hexOf('0303'), randomBytes(32), hexOf('00'), ciphers, hexOf('0100'), sized(...extensions)];
  const length = Buffer.concat(body).length;
  return Buffer.concat([hexOf('160301'), u16(length + 4), hexOf('0100'), u16(length), ...body]);
};

/** A record of TLS: handshake (22) or alert (21), of version 3.x; the banner of sshd (RFC 4253, 4.2); or anything else. */
const judge = (answer: Buffer): Transport => {
  if ((answer[0] === 0x16 || answer[0] === 0x15) && (answer[1] ?? 3) === 3) return 'tls';
  return answer.subarray(0, 4).toString('latin1') === 'SSH-' ? 'ssh' : 'clear';
};

/** Asks a listener by a ClientHello, and judges the first bytes that come back. Never throws. */
export const askTransport = (target: HostPort, timeoutMs: number): Promise<Transport> =>
  new Promise((resolve) => {
    const socket = connect(target);
    const end = (transport: Transport): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(transport);
    };
    const timer = setTimeout(() => end('silent'), timeoutMs);
    socket.on('connect', () => socket.write(clientHello()));
    socket.on('data', (answer: Buffer) => end(judge(answer)));
    socket.on('error', () => end('silent'));
    socket.on('close', () => end('silent'));
  });

/** Asks many, a few at a time; the answers are in the order of the targets. */
export const askTransports = async (
  targets: readonly HostPort[],
  { timeoutMs, atOnce }: { readonly timeoutMs: number; readonly atOnce: number },
): Promise<readonly Transport[]> => {
  const answers: Transport[] = [];
  const queue = targets.entries();
  const worker = async (): Promise<void> => {
    for (const [index, target] of queue) answers[index] = await askTransport(target, timeoutMs);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, targets.length) }, worker));
  return answers;
};
