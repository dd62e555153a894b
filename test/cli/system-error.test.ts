import { expect, test } from 'vitest';
import { explainSystemError } from '../../src/cli/system-error.ts';
import { UserError } from '../../src/lib/errors.ts';
import { CommandError } from '../../src/lib/process/runner.ts';

const folders = { stateDir: '/s/state/taskgate', cacheDir: '/c/taskgate' };

const systemError = (code: string, fields: { syscall: string; path?: string; dest?: string }) =>
  Object.assign(new Error(`${code}: something, ${fields.syscall}`), { code, ...fields });

const record = '/s/state/taskgate/instances/dev/instance.json';
const cannotUse = 'cannot use /s/state/taskgate: ';
const cannotWrite = 'cannot write to /s/state/taskgate: ';
const noSpace = 'no space left on the disk of /s/state/taskgate';

test.each([
  ['EACCES', { syscall: 'open', path: record }, cannotUse],
  ['EACCES', { syscall: 'scandir', path: '/s/state/taskgate/instances' }, cannotUse],
  ['EPERM', { syscall: 'lchown', path: folders.stateDir }, cannotUse],
  ['ENOTDIR', { syscall: 'open', path: record }, cannotUse],
  ['EEXIST', { syscall: 'mkdir', path: folders.stateDir }, cannotUse],
  ['EROFS', { syscall: 'open', path: record }, cannotWrite],
  ['ENOENT', { syscall: 'mkdir', path: '/s/state/taskgate/locks' }, cannotWrite],
  ['ENOENT', { syscall: 'mkdir', path: '/s/state' }, cannotWrite],
  ['ENOSPC', { syscall: 'open', path: record }, noSpace],
  ['ENOSPC', { syscall: 'write' }, noSpace],
  ['EDQUOT', { syscall: 'write' }, noSpace],
])('the state folder: %s %j', (code, fields, message) => {
  expect(explainSystemError(systemError(code, fields), folders)).toMatchObject({
    id: 'environment.state-folder',
    message: expect.stringContaining(message),
    hint: expect.stringContaining('XDG_STATE_HOME'),
  });
});

test.each([
  ['EACCES', { syscall: 'open', path: '/c/taskgate/items/x/stamp.json' }, 'artifact.cache-read-only'],
  ['ENOTDIR', { syscall: 'mkdir', path: '/c' }, 'artifact.cache-read-only'],
  ['ENOSPC', { syscall: 'copyfile', path: '/b/x', dest: '/c/taskgate/items/x' }, 'artifact.disk-full'],
])('the cache folder: %s %j', (code, fields, id) => {
  const hint = expect.stringContaining('XDG_CACHE_HOME');
  expect(explainSystemError(systemError(code, fields), folders)).toMatchObject({ id, hint });
});

test.each([
  ['EACCES', { syscall: 'open', path: '/etc/shadow' }, 'whose is it'],
  ['EACCES', { syscall: 'open', path: '/s/state/taskgate-2/x' }, 'whose is it'],
  ['EACCES', { syscall: 'open', path: '/s' }, 'whose is it'],
  ['ENOENT', { syscall: 'open', path: record }, 'restore it'],
  ['EEXIST', { syscall: 'open', path: record }, 'something else put it there'],
  ['ENOTEMPTY', { syscall: 'rmdir', path: record }, 'still writes there'],
  ['EMFILE', { syscall: 'open', path: record }, 'ulimit -n'],
  ['EIO', { syscall: 'read' }, 'dmesg'],
  ['ENOSPC', { syscall: 'mkdir', path: '/sys/fs/cgroup/x' }, 'free some space'],
  ['EAGAIN', { syscall: 'spawn ip' }, 'pids limit'],
  ['ECONNREFUSED', { syscall: 'connect' }, 'nothing listens there'],
])('what the system refuses elsewhere is no bug either: %s %j', (code, fields, hint) => {
  expect(explainSystemError(systemError(code, fields), folders)).toMatchObject({
    id: 'environment.system',
    message: `the system refuses: ${code}: something, ${fields.syscall}`,
    hint: expect.stringContaining(hint),
  });
});

test('a program that failed is named, with its words', () => {
  const error = new CommandError(['ip', 'route'], { exitCode: 1, stderr: 'no such table' });
  expect(explainSystemError(error, folders)).toMatchObject({
    id: 'environment.command',
    message: 'ip route exited with 1: no such table',
    hint: expect.stringContaining('by hand'),
  });
});

test.each([
  ['EBADF', { syscall: 'read' }],
  ['EINVAL', { syscall: 'open' }],
])('what only a mistake of ours leads to stays a bug: %s %j', (code, fields) => {
  const error = systemError(code, fields);
  expect(explainSystemError(error, folders)).toBe(error);
});

test('an error of the user is one already', () => {
  const error = new UserError('seen', { id: 'usage.x' });
  expect(explainSystemError(error, folders)).toBe(error);
});
