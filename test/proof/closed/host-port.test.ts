import { connect } from 'node:net';
import { expect, test } from 'vitest';
import type { Kube } from '../../../src/lib/kube/client.ts';
import { hostPortCheck } from '../../../src/proof/closed/host-port.ts';
import { nameSampleTask } from '../../../src/proof/sample-task/task.ts';
import { sampleCluster } from '../../support/proof/fake-cluster.ts';
import { gateway, masterAt } from '../../support/proof/local-path.ts';

/** A pod that dials what it is told in its own way. */
const attempt = (dial: (port: number) => Promise<string>) => {
  const text: Kube['text'] = (_, query = {}) => dial(Number(query['port']));
  return hostPortCheck('127.0.0.1').attempt({
    kube: { ...sampleCluster().kube, text },
    task: { ...nameSampleTask({ instance: 'dev' }, 'default'), exposures: [], notes: [] },
    ...{ podName: 'sample', gateway, master: masterAt(8080) },
  });
};

const errors = (text: string) => JSON.stringify({ errors: [text] });

test('a pod that is refused: closed', async () => {
  const outcome = await attempt(async () => errors('dial tcp 127.0.0.1: connect: connection refused'));
  expect(outcome).toMatchObject({
    outcome: 'closed',
    evidence: expect.stringMatching(/saw nothing; the pod: refused$/),
  });
});

test('a connection that arrives: open, whatever the pod says', async () => {
  const outcome = await attempt(
    (port) =>
      new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1');
        socket.on('data', () => socket.destroy()).on('close', () => resolve(errors('timeout')));
      }),
  );
  expect(outcome).toMatchObject({ outcome: 'open', finding: { cause: expect.stringContaining('besides the master') } });
});

test('a pod that did not try: nothing is proven', async () => {
  expect(await attempt(async () => errors('no such command'))).toMatchObject({ outcome: 'untried' });
  for (const answer of ['lookup 127.0.0.1: no such host', 'EOF', 'x509: certificate signed by unknown authority']) {
    expect(await attempt(async () => errors(answer)), answer).toMatchObject({ outcome: 'untried' });
  }
});
