import { expect, test } from 'vitest';
import { makeNetwork } from '../../../src/artifacts/store/network.ts';
import { failureOf } from '../../support/failure-of.ts';

test('a host that could not be reached is not asked again', async () => {
  const network = makeNetwork({ connectTimeoutMs: 500 }, new AbortController().signal);
  const first = await failureOf(network.request('https://localhost:1/one'));
  expect(await failureOf(network.request('https://localhost:1/two'))).toBe(first);
});

test('an unreachable host is a reason to try another source', async () => {
  const network = makeNetwork({}, new AbortController().signal);
  const error = await failureOf(network.getText('https://localhost:1/'));
  expect(error).toMatchObject({
    id: 'artifact.unavailable',
    hint: 'check the network, or give --mirror or --bundle',
  });
  expect(error.message).toMatch(/^localhost:1 cannot be reached: /);
});
