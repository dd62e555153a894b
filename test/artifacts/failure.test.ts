import { expect, test } from 'vitest';
import { cacheFailure } from '../../src/artifacts/failure.ts';
import { CommandError } from '../../src/lib/runner.ts';

const systemError = (code: string, path = '/cache/items/x') =>
  Object.assign(new Error(`${code}: something, open '${path}'`), { code, path });

test.each([
  [systemError('ENOSPC'), 'artifact.disk-full', 'no space left on the disk of /cache'],
  [systemError('EDQUOT'), 'artifact.disk-full', 'no space left on the disk of /cache'],
  [
    new CommandError(['go'], { exitCode: 1, stderr: 'write x: no space left on device' }),
    'artifact.disk-full',
    'no space left on the disk of /cache',
  ],
  [systemError('EROFS'), 'artifact.cache-read-only', "cannot write to /cache: EROFS: something, open '/cache/items/x'"],
  [
    systemError('EACCES'),
    'artifact.cache-read-only',
    "cannot write to /cache: EACCES: something, open '/cache/items/x'",
  ],
])('names %s', (error, id, message) => {
  expect(cacheFailure(error, '/cache')).toMatchObject({ id, message, hint: expect.stringContaining('XDG_CACHE_HOME') });
});

test.each([
  systemError('EACCES', '/bundle/x'),
  systemError('EIO'),
  new TypeError('a bug'),
])('leaves %s alone', (error) => expect(cacheFailure(error, '/cache')).toBe(error));
