import { expect, test } from 'vitest';
import { layerEntries, parseLdd } from '../../../src/artifacts/image/layer.ts';

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
