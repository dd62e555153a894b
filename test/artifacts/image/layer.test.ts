import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { filesBelow, layerEntries, parseLdd } from '../../../src/artifacts/image/layer.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

test('reads the libraries, the loader among them, from what ldd prints', () => {
  const text = [
    '\tlinux-vdso.so.1 (0x00007ffe)',
    '\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f35)',
    '\t/lib64/ld-linux-x86-64.so.2 (0x00007f36)',
    '\tlibgone.so => not found',
  ].join('\n');
  expect(parseLdd(text)).toEqual(['/lib/x86_64-linux-gnu/libm.so.6', '/lib64/ld-linux-x86-64.so.2']);
  expect(parseLdd('\tstatically linked\n')).toEqual([]);
});

test('a layer has users, a writable /tmp, and each folder before its files', () => {
  const entries = layerEntries([{ path: 'usr/local/bin/envoy', from: '/envoy', size: 3 }]);
  expect(entries.map(({ name, mode }) => `${name} ${mode.toString(8)}`)).toEqual([
    'etc/ 755',
    'usr/ 755',
    'usr/local/ 755',
    'usr/local/bin/ 755',
    'tmp/ 1777',
    'etc/passwd 644',
    'etc/group 644',
    'usr/local/bin/envoy 755',
  ]);
});

test('packages are taken without documents; links lead to files of the packages, never to those of this machine', async () => {
  const root = await temporaryDir();
  const write = async (path: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), path);
  };
  for (const path of [
    'usr/sbin/multi',
    'lib/x/ld-2.so',
    'usr/share/doc/a',
    'etc/a',
    'usr/lib/x/gconv/a.so',
    'stamp.json',
  ])
    await write(path);
  await mkdir(join(root, 'lib64'));
  await symlink('multi', join(root, 'usr/sbin/iptables'));
  await symlink('/lib/x/ld-2.so', join(root, 'lib64/ld.so'));
  const files = await filesBelow(root);
  expect(files.map(({ path, from }) => `${path} ${from.slice(root.length + 1)}`)).toEqual([
    'lib/x/ld-2.so lib/x/ld-2.so',
    'lib64/ld.so lib/x/ld-2.so',
    'usr/sbin/iptables usr/sbin/multi',
    'usr/sbin/multi usr/sbin/multi',
  ]);
  expect(files.map(({ size }) => size)).toEqual([13, 13, 14, 14]);
});
