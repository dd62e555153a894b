import { expect, test } from 'vitest';
import { sudoCommand } from '../../src/cli/privileges.ts';

test("as root the command sees the user's own folders and settings, and nothing else of the environment", () => {
  const env = {
    HOME: '/home/me',
    XDG_CACHE_HOME: '/c',
    TASKGATE_NAME: 'x',
    TASKGATE_MIRROR: 'https://me:pw@m',
    GOPROXY: 'p',
    SECRET: 's',
    PATH: '/bin',
    CI: undefined,
  };
  expect(sudoCommand(env, ['node', 'taskgate.js', 'up']).join(' ')).toBe(
    'sudo -n env HOME=/home/me XDG_CACHE_HOME=/c TASKGATE_NAME=x PATH=/bin node taskgate.js up',
  );
});
