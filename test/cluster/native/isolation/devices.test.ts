import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { limitDevices } from '../../../../src/cluster/native/isolation/devices.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

// that it holds is tested with a real node in test/e2e/node-root.test.ts
test('no device but those of the list, in the hierarchy of devices', async () => {
  const [cpu, devices] = [await temporaryDir(), await temporaryDir()];
  const hierarchies = [
    { path: '/sys/fs/cgroup/cpu', options: 'cpu' },
    { path: '/sys/fs/cgroup/devices', options: 'devices' },
  ];
  await limitDevices(hierarchies, [cpu, devices]);
  expect(await readFile(join(devices, 'devices.deny'), 'utf8')).toBe('a');
  expect(await readFile(join(devices, 'devices.allow'), 'utf8')).toBe('c 10:229 rwm');
  await expect(readFile(join(cpu, 'devices.deny'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('cgroup v2 has no such files', async () => {
  const path = await temporaryDir();
  await writeFile(join(path, 'cgroup.procs'), '');
  await limitDevices([{ path: '/sys/fs/cgroup' }], [path]);
  await expect(readFile(join(path, 'devices.deny'))).rejects.toMatchObject({ code: 'ENOENT' });
});
