import { describe, expect, test } from 'vitest';
import { makeItems, type Origins } from '../../src/artifacts/items.ts';
import { pins } from '../../src/config/versions.ts';

const machine = { arch: 'amd64', distribution: 'debian-bookworm' } as const;

const sourcesWith = (origins: Partial<Origins>) => {
  const { wanted, parts } = makeItems(pins, machine, { searchPath: [], ...origins });
  return Object.fromEntries(
    Object.entries({ ...wanted, ...parts }).map(([name, { sources }]) => [name, sources.map((each) => each.name)]),
  );
};

describe('the order of sources', () => {
  test('by default', () =>
    expect(sourcesWith({})).toEqual({
      kubernetes: ['release', 'go'],
      etcd: ['release', 'go'],
      coredns: ['release', 'go'],
      runtime: ['debian', 'host'],
      contourManifest: ['release', 'go'],
      images: ['registry', 'assembled'],
      determined: ['wheel'],
      agnhost: ['go'],
      contour: ['go'],
      envoy: ['release', 'wheel'],
      kubeRouter: ['go'],
      ipset: ['debian', 'host'],
      policyImages: ['registry', 'assembled'],
      policyTools: ['debian'],
      taskImage: ['assembled'],
      notebookImage: ['assembled'],
    }));

  test('a mirror is tried first, as a served bundle or as copies of releases', () =>
    expect(sourcesWith({ mirror: { url: 'https://mirror.test' } })).toMatchObject({
      kubernetes: ['mirror', 'mirror', 'release', 'go'],
      runtime: ['mirror', 'debian', 'host'],
      contourManifest: ['mirror', 'mirror', 'release', 'go'],
      images: ['mirror', 'registry', 'assembled'],
      determined: ['mirror', 'wheel'],
    }));

  test('with a bundle the network is never asked', () =>
    expect(sourcesWith({ bundle: '/bundle' })).toMatchObject({
      kubernetes: ['bundle'],
      etcd: ['bundle'],
      coredns: ['bundle'],
      runtime: ['bundle', 'host'],
      contourManifest: ['bundle'],
      images: ['bundle'],
      determined: ['bundle'],
      kubeRouter: ['bundle'],
      ipset: ['bundle', 'host'],
      policyImages: ['bundle'],
    }));
});

test('keys say all that an item depends on', () => {
  const { wanted } = makeItems(pins, machine, { searchPath: [] });
  expect(wanted.kubernetes.key).toBe('kubernetes-v1.34.4-amd64');
  expect(wanted.runtime.key).toMatch(/^runtime-debian-bookworm-[0-9a-f]{8}-amd64$/);
  expect(wanted.determined.key, 'of every architecture').toBe(`determined-wheel-${pins.determined.version}`);
  const other = makeItems({ ...pins, envoy: { ...pins.envoy, version: 'v9' } }, machine, { searchPath: [] }).wanted;
  expect(other.images.key).not.toBe(wanted.images.key);
  expect(other.kubernetes.key).toBe(wanted.kubernetes.key);
});
