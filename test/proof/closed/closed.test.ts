import { expect, test } from 'vitest';
import {
  type ClosedCheck,
  type ClosedContext,
  type ClosedOutcome,
  proveClosed,
} from '../../../src/proof/closed/closed.ts';
import { nameSampleTask } from '../../../src/proof/sample-task/task.ts';
import { sampleCluster } from '../../support/proof/fake-cluster.ts';
import { gateway, masterAt } from '../../support/proof/local-path.ts';

const context: ClosedContext = {
  kube: sampleCluster().kube,
  task: { ...nameSampleTask({ instance: 'dev' }, 'default'), exposures: [], notes: [] },
  ...{ podName: 'sample', gateway, master: masterAt(8080) },
};
const check = (from: string, attempt: () => Promise<ClosedOutcome>): ClosedCheck => ({ from, to: 'host', attempt });

const finding = { cause: 'nothing is in between', hint: 'add a rule' };

test('a connection that fails is a proven hop, one that works a broken hop, and one that cannot be tried a note', async () => {
  const proof = await proveClosed(
    [
      check('pod', async () => ({ outcome: 'closed', evidence: 'timed out', latencyMs: 7 })),
      check('neighbour', async () => ({ outcome: 'open', evidence: 'it answered', finding })),
      check('stranger', async () => ({ outcome: 'untried', because: 'there is no second address' })),
      check('pod on another node', () => Promise.reject(new Error('no such pod'))),
    ],
    context,
  );
  expect(proof).toEqual({
    hops: [
      { direction: 'closed', from: 'pod', to: 'host', ok: true, evidence: 'timed out', latencyMs: 7 },
      { direction: 'closed', from: 'neighbour', to: 'host', ok: false, evidence: 'it answered', finding },
    ],
    notes: [
      'not verified: stranger does not reach host: there is no second address',
      'not verified: pod on another node does not reach host: no such pod',
    ],
  });
});

test('an abort is no verdict', async () => {
  const signal = AbortSignal.abort(new Error('interrupted'));
  const failing = check('pod', () => Promise.reject(new Error('aborted')));
  await expect(proveClosed([failing], { ...context, signal })).rejects.toThrow('interrupted');
});
