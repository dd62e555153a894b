import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ngrokError } from '../../../src/tunnel/ngrok/errors.ts';
import { readAgentLine } from '../../../src/tunnel/ngrok/log.ts';

test.for([
  ['{"lvl":"info","msg":"started tunnel","url":"https://a.example"}', { url: 'https://a.example' }],
  ['{"err":"<nil>","lvl":"info","msg":"open config file"}', {}],
  ['{"err":"<nil>","lvl":"crit","msg":"x"}', {}],
  [
    '{"err":"no such host","lvl":"eror","msg":"failed to reconnect session"}',
    { failure: 'no such host', session: 'failed to reconnect session: no such host' },
  ],
  ['{"lvl":"info","msg":"client session established","url":"https://no.example"}', { session: true }],
  [
    '{"lvl":"eror","msg":"heartbeat timeout, terminating session","obj":"csess"}',
    { session: 'heartbeat timeout, terminating session' },
  ],
  ['{"lvl":"info","msg":"tunnel session started"}', {}],
  ['{"lvl":"warn","msg":"failed to check for update","obj":"updater","err":"context deadline exceeded"}', {}],
  ['{"lvl":"info","msg":"accept failed","err":"reconnecting session closed"}', {}],
  ['{"half', {}],
  ['ERROR:  ERR_NGROK_107', { failure: 'ERR_NGROK_107' }],
  ['ERROR:  ', {}],
  ['', {}],
] as const)('log line %s', ([line, read]) => {
  expect(readAgentLine(line)).toEqual(read);
});

/** Records of real agents (3.36 to 3.39), with other names. */
const recorded = (name: string) =>
  readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'ngrok', `${name}.log`), 'utf8')
    .trimEnd()
    .split('\n')
    .map(readAgentLine);

describe('the log of a real agent', () => {
  test('that starts: its address is a record whose own addr is an object', () => {
    const read = recorded('started');
    expect(read.flatMap(({ url }) => url ?? [])).toEqual(['https://name-of-account.ngrok-free.dev']);
    expect(read.flatMap(({ failure }) => failure ?? [])).toEqual([]);
  });

  test('whose domain another one serves: no line of it is lost, and the code decides', () => {
    const failures = recorded('taken').flatMap(({ failure }) => failure ?? []);
    expect(failures).toHaveLength(2 + 5);
    expect(failures.map((failure) => ngrokError(failure).id).filter((id) => id === 'tunnel.ngrok-taken')).toHaveLength(
      3,
    );
    expect(ngrokError(failures.join(' ')).id).toBe('tunnel.ngrok-taken');
  });

  test('that loses its session twice: when it has one, and why it has none', () => {
    const sessions = recorded('reconnecting').flatMap(({ session }) => session ?? []);
    expect(sessions).toEqual([
      true,
      'heartbeat timeout, terminating session',
      'session closed, starting reconnect loop: session closed',
      expect.stringMatching(/^failed to reconnect session: failed to dial ngrok server .*i\/o timeout$/),
      'failed to reconnect session: resolved connect.ngrok-agent.com has no records',
      true,
      'session closed, starting reconnect loop: read EOF from remote peer',
      true,
    ]);
  });
});
