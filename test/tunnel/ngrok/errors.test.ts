import { describe, expect, test } from 'vitest';
import {
  finalNgrokErrors,
  findNgrokTrouble,
  findTokens,
  ngrokError,
  withoutToken,
} from '../../../src/tunnel/ngrok/errors.ts';

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
    ['ERR_NGROK_110', 'tunnel.ngrok-old'],
    ['ERR_NGROK_111', 'tunnel.ngrok-config'],
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
    ['ERR_NGROK_9040', 'tunnel.ngrok-account'],
    // the near neighbours mean something else
    ['ERR_NGROK_300', 'tunnel.ngrok-token'],
    ['ERR_NGROK_301', 'tunnel.ngrok-old'],
    ['ERR_NGROK_306', 'tunnel.ngrok-token'],
    ['ERR_NGROK_307', 'tunnel.ngrok-address'],
    ['ERR_NGROK_381', 'tunnel.ngrok-address'],
    ['ERR_NGROK_382', 'tunnel.ngrok-account'],
    ['ERR_NGROK_383', 'tunnel.ngrok-policy'],
    ['ERR_NGROK_702', 'tunnel.ngrok-rate'],
    ['ERR_NGROK_703', 'tunnel.ngrok-rate'],
    ['ERR_NGROK_708', 'tunnel.ngrok-token'],
    ['ERR_NGROK_714', 'tunnel.ngrok-rate'],
    ['ERR_NGROK_715', 'tunnel.ngrok-rate'],
    ['ERR_NGROK_716', 'tunnel.ngrok-token'],
    ['ERR_NGROK_717', 'tunnel.ngrok-token'],
    ['ERR_NGROK_718', 'tunnel.ngrok-rate'],
    ['ERR_NGROK_719', 'tunnel.ngrok-token'],
    ['ERR_NGROK_722', 'tunnel.ngrok-unreachable'],
    ['ERR_NGROK_724', 'tunnel.ngrok-offline'],
    ['ERR_NGROK_725', 'tunnel.ngrok-quota'],
    ['ERR_NGROK_726', 'tunnel.ngrok-quota'],
    ['ERR_NGROK_727', 'tunnel.ngrok-quota'],
    ['ERR_NGROK_728', 'tunnel.ngrok-quota'],
    ['ERR_NGROK_733', 'tunnel.ngrok-quota'],
    ['ERR_NGROK_734', 'tunnel.ngrok-rate'],
    ['ERR_NGROK_735', 'tunnel.ngrok-quota'],
    ['ERR_NGROK_741', 'tunnel.ngrok-unreachable'],
    ['ERR_NGROK_3207', 'tunnel.ngrok-refused'],
    ['ERR_NGROK_3208', 'tunnel.ngrok-account'],
    ['ERR_NGROK_6024', 'tunnel.ngrok-account'],
    ['ERR_NGROK_8014', 'tunnel.ngrok-account'],
    ['ERR_NGROK_9009', 'tunnel.ngrok-account'],
    ['ERR_NGROK_9017', 'tunnel.ngrok-account'],
    ['ERR_NGROK_9026', 'tunnel.ngrok-policy'],
    ['ERR_NGROK_9039', 'tunnel.ngrok-address'],
    ['ERR_NGROK_9042', 'tunnel.ngrok-old'],
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

test.for([
  [
    'ERR_NGROK_727',
    'tunnel.ngrok-quota',
    /HTTP requests for this month/,
    /next month.*larger plan.*--master-reach ssh/,
  ],
  ['ERR_NGROK_9009', 'tunnel.ngrok-account', /proxy/, /unset HTTPS_PROXY.*proxy_url/],
  ['ERR_NGROK_9040', 'tunnel.ngrok-account', /this machine's address/, /VPN.*--master-reach ssh/],
  ['ERR_NGROK_3208', 'tunnel.ngrok-account', /banned/, /support@ngrok\.com/],
] as const)('%s is final, with the way out', ([code, id, cause, hint]) => {
  expect(finalNgrokErrors).toContain(id);
  expect(findNgrokTrouble(code)).toMatchObject({
    cause: expect.stringMatching(cause),
    hint: expect.stringMatching(hint),
  });
});

test('a rate that passes within a minute is none: the tunnel of a night must not end by a burst of tasks', () => {
  expect(finalNgrokErrors).not.toContain('tunnel.ngrok-rate');
});

test.for([
  'authtoken: SECRET-1234',
  'authtoken:SECRET-1234',
  'authtoken=SECRET-1234',
  'AuthToken = SECRET-1234',
  'NGROK_AUTHTOKEN=SECRET-1234',
  'NGROK_AUTHTOKEN="SECRET-1234"',
  'api_key: SECRET-1234',
  '"authtoken":"SECRET-1234"',
  '"authtoken": "SECRET-1234"',
  '{\\"authtoken\\":\\"SECRET-1234\\"}',
  "'authtoken': 'SECRET-1234'",
  'ngrok http --authtoken SECRET-1234 80',
  'ngrok http --authtoken=SECRET-1234 80',
  'ngrok config add-authtoken SECRET-1234',
])('a token is hidden in %s', (words) => {
  for (const text of [words, `${words}, and ${words}; more`, JSON.stringify({ err: words })]) {
    expect(withoutToken(text)).toContain('(hidden)');
    expect(withoutToken(text)).not.toContain('1234');
  }
});

test('a token that is known is hidden wherever it is', () => {
  expect(withoutToken('dial SECRET-1234@host', ['SECRET-1234'])).toBe('dial (hidden)@host');
});

test('of two that are known the longer one is hidden first', () => {
  expect(withoutToken('bad SECRET-1234', ['SECRET', 'SECRET-1234'])).toBe('bad (hidden)');
});

test.for([
  ['version: "2"\nauthtoken: 2abcSecret # mine\n', ['2abcSecret']],
  ['agent:\n  authtoken: "2abcSecret"\n  api_key: \'key-1\'\n', ['2abcSecret', 'key-1']],
  ['{"agent":{"authtoken":"2abcSecret","api_key":"key-1"}}', ['2abcSecret', 'key-1']],
  ['agent: {authtoken: 2abcSecret}', ['2abcSecret']],
  ['agent:\n  authtoken: >-\n    2abcSecret\n', ['2abcSecret']],
  ['version: "3"\n', []],
  ['', []],
] as const)('the secrets of a configuration: %j', ([text, tokens]) => {
  expect(findTokens(text)).toEqual(tokens);
});

test.for([
  'The authtoken you specified is properly formed, but it is invalid.',
  'Your authtoken is available on your dashboard: https://dashboard.ngrok.com/get-started/your-authtoken',
  'run: ngrok config add-authtoken',
  'ngrok config add-authtoken <TOKEN>',
])('what is no token stays: %s', (words) => {
  expect(withoutToken(words)).toBe(words);
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
