import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { inCheckout, quote, sshCommand } from '../../scripts/vm/ssh.ts';

const access = { port: 2222, keyPath: '/run/key' };

test.each([
  'plain',
  'two words',
  "it's",
  '$HOME `id` "x"',
  '',
  'a\nb',
  '*',
])('a shell gives %j back as one word', (word) => {
  expect(execFileSync('sh', ['-c', `printf %s ${quote(word)}`]).toString()).toBe(word);
});

test('a command goes as one line, by our key alone and without the settings of the user', () => {
  const line = sshCommand(access, ['echo', 'a b']);
  expect(line.at(-2)).toBe('dev@127.0.0.1');
  expect(line.at(-1)).toBe("echo 'a b'");
  expect(line.join(' ')).toContain('-F none -i /run/key -p 2222');
});

test('without a command ssh gives a shell, with a terminal where one is asked for', () => {
  const line = sshCommand(access, [], ['-t']);
  expect(line.at(-1)).toBe('dev@127.0.0.1');
  expect(line).toContain('-t');
});

test('a command in the checkout keeps its words', () => {
  expect(inCheckout(['npm', 'run', 'smoke']).slice(-3)).toEqual(['npm', 'run', 'smoke']);
  expect(inCheckout(['npm']).join(' ')).toContain('cd /home/dev/taskgate && exec "$@"');
});
