import { describe, expect, test } from 'vitest';
import { explainAnswer, refusalIn } from '../../../src/proof/real-master/answers.ts';

describe('what stands in place of a master', () => {
  test.for([
    [{ status: 503, text: '<html><h1>503 Service Unavailable</h1>' }, 'proof.master-unreachable', /until it is ready/],
    [{ status: 502, text: '' }, 'proof.master-unreachable', /start the master/],
    [{ status: 200, text: '<!DOCTYPE html><title>Sign in</title>' }, 'proof.not-a-master', /^a web page answers/],
    [{ status: 404, text: 'page not found' }, 'proof.not-a-master', /forward all paths/],
    [{ status: 401, text: 'authorization required' }, 'proof.not-a-master', /\/info is open/],
    [
      { status: 301, text: '', location: 'https://det.example/info' },
      'proof.not-a-master',
      /give https:\/\/det\.example as its URL/,
    ],
    [{ status: 302, text: '', location: '/login' }, 'proof.not-a-master', /forward all paths/],
    [{ status: 400, text: 'Client sent an HTTP request to an HTTPS server.\n' }, 'proof.master-scheme', /https:\/\//],
  ] as const)('GET /info: %j', ([answer, id, hint]) => {
    expect(explainAnswer('info', 'GET /info', answer)).toMatchObject({ id, hint: expect.stringMatching(hint) });
  });
});

describe('a login', () => {
  test.for([
    [{ status: 401, text: '{"error":{"error":"invalid credentials"}}' }, /correct the user name or the password/],
    [{ status: 500, text: '{"error":{"error":"dial tcp: connection refused"}}' }, /the password is not the cause/],
  ] as const)('%j', ([answer, hint]) => {
    expect(explainAnswer('login', 'POST /api/v1/auth/login', answer)).toMatchObject({
      ...{ id: 'proof.master-login', hint: expect.stringMatching(hint) },
    });
  });

  test('of a proxy that is in front', () => {
    const page = { status: 403, text: '<html>forbidden' };
    expect(explainAnswer('login', 'POST /api/v1/auth/login', page).id).toBe('proof.master-login');
    expect(explainAnswer('login', 'POST /api/v1/auth/login', { status: 404, text: '<html>' }).id).toBe(
      'proof.not-a-master',
    );
  });
});

describe('a call', () => {
  test.for([
    [{ status: 401, text: '{"message":"Unauthorized"}' }, /^the session has ended/],
    [{ status: 403, text: '{"error":{"error":"access forbidden"}}' }, /^give --master-user/],
    [{ status: 404, text: '{"error":{"error":"could not find resource pool gpu"}}' }, /^give --master-pool/],
    [{ status: 303, text: '', location: '/det/login?redirect=%2Fproxy' }, /^run the command again/],
    [{ status: 400, text: '{"error":{"error":"json: unknown field"}}' }, /^fix what the master reports/],
  ] as const)('%j', ([answer, hint]) => {
    expect(explainAnswer('call', 'POST /api/v1/commands', answer)).toMatchObject({
      ...{ id: 'proof.master-refused', hint: expect.stringMatching(hint) },
    });
  });
});

test.for([
  ['{"error":{"code":5,"error":"no such pool"}}', 'no such pool'],
  ['{"error":"plain"}', 'plain'],
  ['{"message":"Unauthorized"}', 'Unauthorized'],
  ['<html>', '<html>'],
] as const)('refusal %s', ([text, words]) => {
  expect(refusalIn(text)).toBe(words);
});
