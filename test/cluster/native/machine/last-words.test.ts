import { expect, test } from 'vitest';
import { lastWords } from '../../../../src/cluster/native/machine/last-words.ts';
import { CommandError } from '../../../../src/lib/process/runner.ts';

const failed = (stderr: string, more = {}) => new CommandError(['sh'], { exitCode: 32, stderr, ...more });

test.each([
  [
    failed('mount: /sys: permission denied.\n  dmesg(1) may have more information after failed mount system call.\n'),
    'mount: /sys: permission denied.',
  ],
  [failed('a\nb\nc\n'), 'b; c'],
  [failed(''), 'it ended with 32'],
  [failed('', { timedOut: true }), 'it did not end within 30 seconds'],
  [Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' }), 'EROFS: read-only file system'],
])('%s: %s', (error, words) => expect(lastWords(error)).toBe(words));

test('anything else is a bug', () => {
  expect(() => lastWords(new TypeError('x'))).toThrow(TypeError);
});
