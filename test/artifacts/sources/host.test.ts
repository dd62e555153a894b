import { mkdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cniPlugins, runtimePrograms } from '../../../src/artifacts/runtime.ts';
import { hostIpset, hostSource } from '../../../src/artifacts/sources/host.ts';
import { failureOf } from '../../support/failure-of.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { fakeWork } from '../../support/work.ts';

const makeHost = async (names: readonly string[]) => {
  const dir = await temporaryDir();
  await mkdir(join(dir, 'bin'), { recursive: true });
  for (const name of names) await writeFile(join(dir, 'bin', name), name);
  return join(dir, 'bin');
};

test('links to the programs of this machine, where packages would have put them', async () => {
  const bin = await makeHost([...runtimePrograms, ...cniPlugins]);
  const { work } = await fakeWork({ runner: async () => ({ exitCode: 0, stdout: '', stderr: '' }) });
  const dir = join(work.cacheDir, 'item');
  await hostSource(['/nowhere', bin], [bin]).make(dir, work);
  expect(await readlink(join(dir, 'usr/sbin/runc'))).toBe(join(bin, 'runc'));
  expect(await readlink(join(dir, 'usr/lib/cni/ptp'))).toBe(join(bin, 'ptp'));
});

test('reports what is missing, and the packages to install', async () => {
  const bin = await makeHost(runtimePrograms.filter((name) => name !== 'runc' && name !== 'ip6tables'));
  const { work } = await fakeWork();
  const error = await failureOf(hostSource([bin], [bin]).make(join(work.cacheDir, 'item'), work));
  expect(error).toMatchObject({
    id: 'artifact.runtime-missing',
    message: 'not on this machine: runc, ip6tables, ptp, host-local, loopback, portmap',
    hint: 'install runc, iptables, containernetworking-plugins, or give --bundle',
  });
});

test('ipset of this machine, or the way to get on without it', async () => {
  const bin = await makeHost(['ipset']);
  const { work } = await fakeWork();
  await hostIpset(['/nowhere', bin]).make(join(work.cacheDir, 'ipset'), work);
  expect(await readlink(join(work.cacheDir, 'ipset/usr/sbin/ipset'))).toBe(join(bin, 'ipset'));
  const error = await failureOf(hostIpset(['/nowhere']).make(join(work.cacheDir, 'other'), work));
  expect(error).toMatchObject({ id: 'artifact.runtime-missing', message: 'not on this machine: ipset' });
});
