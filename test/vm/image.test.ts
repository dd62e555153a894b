import { expect, test } from 'vitest';
import { findBootFile, vmCacheDir } from '../../scripts/vm/image.ts';

test('the newest kernel is taken, by its number', () => {
  const names = [
    'config-6.1.0-50-amd64',
    'vmlinuz-6.1.0-9-amd64',
    'vmlinuz-6.1.0-50-amd64',
    'initrd.img-6.1.0-50-amd64',
  ];
  expect(findBootFile(names, 'vmlinuz')).toBe('vmlinuz-6.1.0-50-amd64');
  expect(findBootFile(names, 'initrd.img')).toBe('initrd.img-6.1.0-50-amd64');
  expect(findBootFile([], 'vmlinuz')).toBeUndefined();
});

test('the disk is cached beside the artifacts, not among them', () => {
  expect(vmCacheDir({ XDG_CACHE_HOME: '/cache', HOME: '/home/ada' })).toBe('/cache/taskgate-vm');
});
