import { expect, test } from 'vitest';
import type { ClosedContext } from '../../../src/proof/closed/closed.ts';
import { plainMaster } from '../../../src/proof/closed/plain-master.ts';
import { nameSampleTask } from '../../../src/proof/sample-task/task.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { gateway, masterAt } from '../../support/proof/local-path.ts';

/** A pod whose `/dial` gives this. */
const contextWith = (answer: string): ClosedContext => {
  const { kube } = fakeKube({ texts: { '/api/v1/namespaces/default/pods/sample:8080/proxy/dial': answer } });
  const task = { ...nameSampleTask({ instance: 'dev' }, 'default'), exposures: [], notes: [] };
  return { kube, task, podName: 'sample', gateway, master: { ...masterAt(8443), scheme: 'https' } };
};
const check = plainMaster('127.0.0.1:8443');

test.each([
  ['{"errors":["Get \\"http://127.0.0.1:8443/info\\": EOF"]}', 'no page: Get "http://127.0.0.1:8443/info": EOF'],
  ['{"responses":["Client sent an HTTP request to an HTTPS server.\\n"]}', 'no page: Client sent an HTTP request'],
])('%s is closed', async (answer, evidence) =>
  expect(await check.attempt(contextWith(answer))).toMatchObject({
    outcome: 'closed',
    evidence: expect.stringContaining(evidence),
  }));

test('a page of a master is open', async () => {
  const page = JSON.stringify({ cluster_id: 'c1', version: '0.38.1' });
  expect(await check.attempt(contextWith(JSON.stringify({ responses: [page] })))).toMatchObject({
    outcome: 'open',
    evidence: page,
  });
});

test.each([
  'Get "http://master:8443/info": dial tcp: lookup master: no such host',
  'Get "http://127.0.0.1:8443/info": dial tcp 127.0.0.1:8443: connect: connection refused',
  'no such command',
])('%s proves nothing', async (error) =>
  expect(await check.attempt(contextWith(JSON.stringify({ errors: [error] })))).toMatchObject({ outcome: 'untried' }));
