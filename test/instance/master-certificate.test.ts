import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createInstance, type Instance } from '../../src/instance/instance.ts';
import {
  ensureMasterCertificate,
  findMasterTls,
  removeMasterCertificate,
} from '../../src/instance/master-certificate.ts';
import { instancePaths } from '../../src/instance/paths.ts';
import { isGoodFor } from '../../src/lib/certificates.ts';

let stateDir: string;
let instance: Instance;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'tg-certificate-'));
  instance = await createInstance(stateDir, { name: 'dev', provider: 'native' });
});
afterEach(() => rm(stateDir, { recursive: true }));

const read = async () => (await findMasterTls(instance)) ?? Promise.reject(new Error('no certificate'));

test('made once, for its hosts, by an authority that stays', async () => {
  await ensureMasterCertificate(instance, ['tunnel.example']);
  const first = await read();
  expect(isGoodFor(first.certificate, first.authority, { hosts: ['tunnel.example'], days: 30 })).toBe(true);
  await ensureMasterCertificate(instance, ['tunnel.example']);
  expect(await read()).toEqual(first);
  await ensureMasterCertificate(instance, ['moved.example']);
  const moved = await read();
  expect(moved.authority).toBe(first.authority);
  expect(isGoodFor(moved.certificate, first.authority, { hosts: ['moved.example'], days: 30 })).toBe(true);
});

test('the master hands its certificate file to tasks: the authority that they must trust is in it', async () => {
  await ensureMasterCertificate(instance, ['127.0.0.1']);
  const { authority, certificate } = await read();
  expect(certificate.certificate.endsWith(authority)).toBe(true);
});

test.each([
  'masterAuthorityPath',
  'masterCertificatePath',
  'masterKeyPath',
] as const)('without its file %s there is no certificate, and the next time there is', async (gone) => {
  await ensureMasterCertificate(instance, ['127.0.0.1']);
  await rm(instancePaths(instance.dir)[gone]);
  expect(await findMasterTls(instance)).toBeUndefined();
  await ensureMasterCertificate(instance, ['127.0.0.1']);
  const { authority, certificate } = await read();
  expect(isGoodFor(certificate, authority, { hosts: ['127.0.0.1'], days: 30 })).toBe(true);
});

test('an authority whose key is gone is replaced, since it can issue nothing more', async () => {
  await ensureMasterCertificate(instance, ['127.0.0.1']);
  const first = await read();
  await rm(instancePaths(instance.dir).masterAuthorityKeyPath);
  await ensureMasterCertificate(instance, ['127.0.0.1']);
  const { authority, certificate } = await read();
  expect(authority).not.toBe(first.authority);
  expect(isGoodFor(certificate, authority, { hosts: ['127.0.0.1'], days: 30 })).toBe(true);
});

test('keys are for their owner only, and all files go', async () => {
  await ensureMasterCertificate(instance, ['127.0.0.1']);
  const { masterKeyPath, masterAuthorityKeyPath } = instancePaths(instance.dir);
  for (const path of [masterKeyPath, masterAuthorityKeyPath]) {
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).toContain('PRIVATE KEY');
  }
  await removeMasterCertificate(instance);
  // also those of a master that has its own
  await removeMasterCertificate(instance);
  expect(await findMasterTls(instance)).toBeUndefined();
  await expect(stat(masterAuthorityKeyPath)).rejects.toThrow('ENOENT');
});
