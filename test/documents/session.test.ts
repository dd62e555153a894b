import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { openInBrowser } from '../support/docs/browser.ts';
import { idsOf, withIds } from '../support/docs/ids.ts';
import { inSession, onTerminal } from '../support/docs/session.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

test('a shell goes on: exported variables, but no others, are there for the next command, and each has its exit code', async () => {
  const file = join(await temporaryDir(), 'session.sh');
  const run = (text: string) => execa('bash', ['-c', inSession(text, file)], { reject: false });
  expect((await run('export A="it\'s \\$1" && B=2; false')).exitCode).toBe(1);
  expect(await run('echo "$A, $B"')).toMatchObject({ exitCode: 0, stdout: "it's $1, " });
  expect((await run('exit_code() { return 7; }; exit_code')).exitCode).toBe(7);
});

test.each([
  ['a | b', 'a | b'],
  ['wait /\rwait -\r      ready', '      ready'],
  ['closed.\r\nnext', 'closed.\nnext'],
])('what a terminal shows of %j', (written, shown) => {
  expect(onTerminal(written)).toBe(shown);
});

const [a, b, c] = [1, 2, 3].map((digit) => `0000000${digit}-0000-4000-8000-000000000000`) as [string, string, string];

test('ids of a page become those of the run, line by line', () => {
  const ids = idsOf(['Launched command (id: a)', `is ready: ${a}`, `not there: ${c}`], `more ${c}\nis ready: ${b}`);
  expect([...ids]).toEqual([[a, b]]);
  expect(withIds(`det kill ${a} ${a}`, ids)).toBe(`det kill ${b} ${b}`);
  expect(() => withIds(`det kill ${c}`, ids)).toThrow(`no output before it shows ${c}`);
});

test('a browser follows redirects with the cookies that it was given, and an error is one', async () => {
  const server = createServer(({ url, headers }, response) => {
    if (url === '/?token=t') response.writeHead(302, { 'set-cookie': 'auth=t; HttpOnly', location: '/lab' }).end();
    else if (headers.cookie === 'auth=t') response.end('lab');
    else response.writeHead(403).end('no cookie');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await openInBrowser(`${base}/?token=t`)).toBe('lab');
  await expect(openInBrowser(`${base}/lab`)).rejects.toThrow('/lab: 403 no cookie');
});
