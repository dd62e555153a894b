import { expect, test } from 'vitest';
import { bundleFailure, cacheFailure } from '../../../src/artifacts/store/failure.ts';
import { CommandError } from '../../../src/lib/process/runner.ts';

const systemError = (code: string, path = '/cache/items/x', syscall = 'open') =>
  Object.assign(new Error(`${code}: something, ${syscall} '${path}'`), { code, path, syscall });

test.each([
  [systemError('ENOSPC'), 'artifact.disk-full', 'no space left on the disk of /cache'],
  [systemError('EDQUOT'), 'artifact.disk-full', 'no space left on the disk of /cache'],
  [
    new CommandError(['go'], { exitCode: 1, stderr: 'write x: no space left on device' }),
    'artifact.disk-full',
    'no space left on the disk of /cache',
  ],
  [systemError('EROFS'), 'artifact.cache-read-only', "cannot write to /cache: EROFS: something, open '/cache/items/x'"],
  [systemError('EACCES'), 'artifact.cache-read-only', "cannot use /cache: EACCES: something, open '/cache/items/x'"],
  [
    systemError('ENOTDIR', '/cache', 'mkdir'),
    'artifact.cache-read-only',
    "cannot use /cache: ENOTDIR: something, mkdir '/cache'",
  ],
  [
    systemError('EEXIST', '/cache', 'mkdir'),
    'artifact.cache-read-only',
    "cannot use /cache: EEXIST: something, mkdir '/cache'",
  ],
  [
    systemError('ENOENT', '/cache', 'mkdir'),
    'artifact.cache-read-only',
    'cannot write to /cache: cannot create a folder, is the disk read-only?',
  ],
])('names %s', (error, id, message) => {
  expect(cacheFailure(error, '/cache')).toMatchObject({
    id,
    message: expect.stringContaining(message),
    hint: expect.stringContaining('XDG_CACHE_HOME'),
  });
});

test.each([
  systemError('EACCES', '/bundle/x'),
  systemError('EACCES', '/cache-of-another/x'),
  systemError('EIO'),
  systemError('ENOENT'),
  systemError('EEXIST'),
  new TypeError('a bug'),
])('leaves %s alone', (error) => expect(cacheFailure(error, '/cache')).toBe(error));

test('a bundle that cannot be written names its own folder and flag', () => {
  const copying = Object.assign(systemError('EACCES', '/cache/x', 'copyfile'), { dest: '/bundle/x' });
  expect(bundleFailure(copying, '/bundle')).toMatchObject({
    id: 'artifact.bundle-folder',
    message: expect.stringContaining('cannot use /bundle: '),
    hint: expect.stringContaining('--bundle'),
  });
  expect(bundleFailure(systemError('ENOSPC'), '/bundle')).toMatchObject({ id: 'artifact.disk-full' });
});
