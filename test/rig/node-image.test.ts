import { expect, test } from 'vitest';
import { parseMirror } from '../../scripts/rig/debian.ts';
import { parseImageList } from '../../scripts/rig/kubernetes-images.ts';
import { archiveTexts } from '../../scripts/rig/node-image.ts';

test.each([
  ['https://mirror.example/debian/ bookworm main\n', 'https://mirror.example/debian/'],
  ['https://a.example/ bookworm-updates main\nhttps://b.example/ bookworm main', 'https://b.example/'],
  ['https://a.example/ bookworm contrib\nhttps://b.example/ noble main', undefined],
  ['', undefined],
])('the mirror in %j is %s', (targets, expected) => {
  expect(parseMirror(targets, 'bookworm')).toBe(expected);
});

test("kubeadm's list is sorted into programs and the pause image", () => {
  const list =
    'registry.example/kube-proxy:v1.34.4\nregistry.example/coredns/coredns:v1.12.1\nregistry.example/pause:3.10.1\n';
  expect(parseImageList(list)).toEqual({
    pause: 'registry.example/pause:3.10.1',
    images: [
      { ref: 'registry.example/kube-proxy:v1.34.4', program: 'kube-proxy' },
      { ref: 'registry.example/coredns/coredns:v1.12.1', program: 'coredns' },
    ],
  });
});

test.each([
  ['registry.example/pause:3.10\nregistry.example/konnectivity:v1', /wants registry.example\/konnectivity:v1/],
  ['registry.example/etcd:3.6.5-0', /no pause image/],
])('a list that the rig cannot fill says which image: %j', (list, message) => {
  expect(() => parseImageList(list)).toThrow(message);
});

test('the archive names one layer, and systemd is asked to end as it wants to be', () => {
  const texts = archiveTexts('abc', { image: 'local/node:v1', arch: 'amd64' });
  const [manifest] = JSON.parse(texts['manifest.json']);
  const config = JSON.parse(texts['config.json']);
  expect(manifest).toEqual({ Config: 'config.json', RepoTags: ['local/node:v1'], Layers: ['layer.tar'] });
  expect(config.rootfs).toEqual({ type: 'layers', diff_ids: ['sha256:abc'] });
  expect(config.config).toMatchObject({
    StopSignal: 'SIGRTMIN+3',
    Entrypoint: ['/usr/local/bin/own-settings', '/usr/local/bin/entrypoint', '/sbin/init'],
  });
});
