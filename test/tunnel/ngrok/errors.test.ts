import { describe, expect, test } from 'vitest';
import { finalNgrokErrors, findNgrokTrouble, ngrokError, withoutToken } from '../../../src/tunnel/ngrok/errors.ts';

describe('errors by code', () => {
  test.for([
    ['ERR_NGROK_105', 'tunnel.ngrok-token'],
    ['ERR_NGROK_107', 'tunnel.ngrok-token'],
    ['ERR_NGROK_108', 'tunnel.ngrok-limit'],
    ['ERR_NGROK_121', 'tunnel.ngrok-old'],
    ['ERR_NGROK_123', 'tunnel.ngrok-account'],
    ['ERR_NGROK_319', 'tunnel.ngrok-address'],
    ['ERR_NGROK_334', 'tunnel.ngrok-taken'],
    ['ERR_NGROK_2201', 'tunnel.ngrok-policy'],
    ['ERR_NGROK_3200', 'tunnel.ngrok-offline'],
    ['ERR_NGROK_4018', 'tunnel.ngrok-token'],
    ['ERR_NGROK_8012', 'tunnel.ngrok-upstream'],
    ['ERR_NGROK_8013', 'tunnel.ngrok-account'],
    ['ERR_NGROK_9999', 'tunnel.ngrok-refused'],
    // by class
    ['ERR_NGROK_103', 'tunnel.ngrok-account'],
    ['ERR_NGROK_111', 'tunnel.ngrok-old'],
    ['ERR_NGROK_115', 'tunnel.ngrok-account'],
    ['ERR_NGROK_122', 'tunnel.ngrok-account'],
    ['ERR_NGROK_128', 'tunnel.ngrok-unreachable'],
    ['ERR_NGROK_206', 'tunnel.ngrok-token'],
    ['ERR_NGROK_314', 'tunnel.ngrok-address'],
    ['ERR_NGROK_323', 'tunnel.ngrok-token'],
    ['ERR_NGROK_337', 'tunnel.ngrok-account'],
    ['ERR_NGROK_348', 'tunnel.ngrok-limit'],
    ['ERR_NGROK_351', 'tunnel.ngrok-rate'],
    ['ERR_NGROK_354', 'tunnel.ngrok-address'],
    ['ERR_NGROK_362', 'tunnel.ngrok-policy'],
    ['ERR_NGROK_717', 'tunnel.ngrok-rate'],
    ['ERR_NGROK_9040', 'tunnel.ngrok-account'],
  ] as const)('%s is %s', ([code, id]) => {
    const words = `authentication failed: something\r\n\r\n${code}\r\n`;
    expect(findNgrokTrouble(words)).toMatchObject({ code, id });
    const error = ngrokError(words);
    expect(error).toMatchObject({ id, hint: expect.stringMatching(/./) });
    expect(error.message).toContain(code);
  });

  test('a page of the public end names its error, too', () => {
    const page = '<p>The endpoint tasks.example is offline.</p><p>ERR_NGROK_3200</p>';
    expect(findNgrokTrouble(page)?.cause).toBe('no agent serves that address');
  });

  test('text without a code is none of them', () => {
    expect(findNgrokTrouble('client session established')).toBeUndefined();
  });
});

test.for([
  ["Error reading configuration file '/home/x/ngrok.yml': yaml: line 2", 'tunnel.ngrok-config'],
  ['failed to read traffic policy file: open p.yml: no such file or directory', 'tunnel.ngrok-policy'],
  ['failed to send authentication request: dial tcp: i/o timeout', 'tunnel.ngrok-unreachable'],
  ['failed to dial ngrok server: lookup connect.ngrok-agent.com: no such host', 'tunnel.ngrok-unreachable'],
  ['ended by SIGKILL', 'tunnel.ngrok-ended'],
] as const)('without a code: %s', ([words, id]) => {
  expect(ngrokError(words).id).toBe(id);
});

test('the authtoken that ngrok repeats is not repeated by us', () => {
  const words = 'it is invalid.\nYour authtoken: 2abcSECRET\nThis usually happens when';
  expect(withoutToken(words)).toBe('it is invalid. Your authtoken: (hidden) This usually happens when');
  expect(ngrokError(`${words} ERR_NGROK_107`).message).not.toContain('SECRET');
});

test('a session of ours that ngrok still counts is worth another try; a bad token is not', () => {
  expect(finalNgrokErrors).toContain('tunnel.ngrok-token');
  for (const id of ['tunnel.ngrok-limit', 'tunnel.ngrok-taken', 'tunnel.ngrok-unreachable', 'tunnel.ngrok-ended']) {
    expect(finalNgrokErrors).not.toContain(id);
  }
});
