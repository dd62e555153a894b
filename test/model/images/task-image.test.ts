import { expect, test } from 'vitest';
import { taskImageRef } from '../../../src/model/images/task-image.ts';

const pin = {
  version: '0.38.1',
  packages: ['bash'],
  determined: { file: 'a.txt', sha256: 'a' },
  jupyterlab: { file: 'b.txt', sha256: 'b' },
};
const plain = { withJupyterlab: false };
const notebook = { withJupyterlab: true };

test('the name has the version, what else is in it, and a hash', () => {
  expect(taskImageRef(pin, plain)).toMatch(/^taskgate\.local\/determined-task:0\.38\.1-[0-9a-f]{8}$/);
  expect(taskImageRef(pin, notebook)).toMatch(/:0\.38\.1-jupyterlab-[0-9a-f]{8}$/);
});

test.each([
  ['a package', { packages: ['bash', 'tar'] }, true],
  ['the list', { determined: { file: 'a.txt', sha256: 'c' } }, true],
  ['the list of JupyterLab', { jupyterlab: { file: 'b.txt', sha256: 'c' } }, false],
])('%s makes another image of it', (_, change, changesPlain) => {
  const changed = { ...pin, ...change };
  expect(taskImageRef(changed, plain) !== taskImageRef(pin, plain)).toBe(changesPlain);
  expect(taskImageRef(changed, notebook)).not.toBe(taskImageRef(pin, notebook));
});
