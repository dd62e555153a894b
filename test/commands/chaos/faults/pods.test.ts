import { expect, test } from 'vitest';
import { judgeReplacement } from '../../../../src/commands/chaos/faults/pods.ts';
import type { Pod } from '../../../../src/lib/kube/shapes.ts';

const pod = (uid: string, isReady = true, deletionTimestamp?: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `envoy-${uid}`, uid, ...(deletionTimestamp && { deletionTimestamp }) },
  status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
});

test.each([
  ['none', [], 'there is no new pod'],
  ['the former one on its way out', [pod('a', true, 'now')], 'there is no new pod'],
  ['the former one', [pod('a')], 'a deleted pod is still there'],
  ['a new one that is not Ready', [pod('a', true, 'now'), pod('b', false)], 'the new pod is not Ready'],
  ['a new one, and the former on its way out', [pod('a', true, 'now'), pod('b')], true],
])('%s', (_, pods, verdict) => {
  expect(judgeReplacement(pods, ['a'])).toBe(verdict);
});
