import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  mountPointsOf,
  outermost,
  parseMountPoints,
  readHostTree,
} from '../../../../src/cluster/native/isolation/host-tree.ts';
import { nativeSpec } from '../../../support/cluster/native-spec.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

test('reads mount points, with blanks', () => {
  const mountinfo = '27 1 254:0 / / rw - ext4 /dev/vda rw\n28 27 8:1 / /mnt/my\\040disk rw - ext4 /dev/sda1 rw\n';
  expect(parseMountPoints(mountinfo)).toEqual(['/', '/mnt/my disk']);
});

test('a file lies on the longest mount point above it', () => {
  const points = ['/', '/home', '/home/user'];
  expect(mountPointsOf(['/usr/lib/libc.so.6', '/home/user/node', '/homes/x', '/usr/bin/sh'], points)).toEqual([
    '/',
    '/home/user',
  ]);
});

test('folders below others are left out', () => {
  expect(outermost(['/a/b', '/a', '/ab', '/a/b/c', '/ab'])).toEqual(['/a', '/ab']);
});

const skipsWithout = test.skipIf(process.platform !== 'linux');

skipsWithout('a node gets the programs of this machine, and no file that only root reads', async () => {
  const tree = await readHostTree({ ...nativeSpec, env: {}, path: [], cniPluginsDir: '/nowhere' });
  expect(tree.programs).toContain('/usr');
  expect(tree.copied).toContain('/dev/null');
  expect(tree.programMounts.length).toBeGreaterThan(0);
  const shown = [...tree.programs, ...tree.copied, ...tree.etcFiles];
  for (const hidden of ['/', '/etc', '/etc/shadow', '/home', '/root', '/dev', '/nowhere']) {
    expect(shown).not.toContain(hidden);
  }
});

skipsWithout('programs elsewhere come with their folder, and with what links in it lead to', async () => {
  const dir = await temporaryDir();
  const cached = join(dir, 'cache', 'runtime', 'usr', 'sbin');
  const opt = join(dir, 'opt', 'runc');
  await mkdir(cached, { recursive: true });
  await mkdir(join(dir, 'opt'));
  await writeFile(opt, '');
  await symlink(opt, join(cached, 'runc'));
  const binaries = { ...nativeSpec.binaries, runc: join(cached, 'runc') };
  const env = { LD_LIBRARY_PATH: `${join(dir, 'cache', 'runtime')}:/nowhere` };
  const { programs, programFiles } = await readHostTree({ ...nativeSpec, binaries, env });
  expect(programs).toContain(join(dir, 'cache', 'runtime'));
  expect(programs).toContain(opt);
  expect(programFiles).toEqual([opt]);
  expect(programs).not.toContain(cached);
});

skipsWithout('the engine of network policies comes with its programs and libraries, where there is one', async () => {
  const dir = await temporaryDir();
  const [kubeRouter, path, libraries] = ['engine', 'ipset/sbin', 'ipset/lib'].map((name) => join(dir, name));
  if (!kubeRouter || !path || !libraries) throw new Error('three folders are needed');
  for (const folder of [kubeRouter, path, libraries]) await mkdir(folder, { recursive: true });
  const software = { ...nativeSpec, env: {}, path: [], cniPluginsDir: '/nowhere' };
  const policyEngine = { kubeRouter: join(kubeRouter, 'kube-router'), path: [path], libraries: [libraries] };
  expect((await readHostTree({ ...software, policyEngine })).programs).toEqual(
    expect.arrayContaining([kubeRouter, path, libraries]),
  );
  expect((await readHostTree(software)).programs).not.toContain(kubeRouter);
});
