import { expect, test } from 'vitest';
import { fetchModule, moduleBuildCommand } from '../../scripts/rig/go-module.ts';
import { rigPins } from '../../scripts/rig/pins.ts';
import { failureOf } from '../support/failure-of.ts';
import { fakeWork } from '../support/work.ts';

test('minikube is built as its Makefile does, and knows its version', () => {
  const line = moduleBuildCommand(rigPins.minikube, '/out/minikube').join(' ');
  expect(line).toContain('-tags libvirt_dlopen');
  expect(line).toContain('-X k8s.io/minikube/pkg/version.version=v1.38.1 ');
  expect(line).toMatch(/-o \/out\/minikube \.\/cmd\/minikube$/);
  expect(moduleBuildCommand(rigPins.crictl, '/out/crictl')).not.toContain('-tags');
});

test('a module must have the pinned sum, even where the checksum database is turned off', async () => {
  const stdout = JSON.stringify({ Dir: '/mod', Sum: 'h1:evil=' });
  const { work } = await fakeWork({ runner: async () => ({ exitCode: 0, stdout, stderr: '' }) });
  const { module, version } = rigPins.crictl;
  const fetch = (sum: string) => fetchModule(work, rigPins.crictl, { [`${module}@${version}`]: sum });
  expect(await fetch('h1:evil=')).toBe('/mod');
  expect(await failureOf(fetch('h1:good='))).toMatchObject({ id: 'artifact.checksum' });
});
