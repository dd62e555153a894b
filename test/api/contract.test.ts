import { describe, expect, inject, test } from 'vitest';
import { administrator, newNamespace, untilPodsAdmitted } from '../support/api/cluster.ts';
import { apply } from '../support/api/contract/apply.ts';
import { reading } from '../support/api/contract/reading.ts';
import { removal } from '../support/api/contract/removal.ts';
import { writes } from '../support/api/contract/writes.ts';
import { fakeSide, otherClient, type Side } from '../support/api/sides.ts';

const sides = {
  'the API server': async (): Promise<Side> => {
    const kube = administrator();
    const namespace = await newNamespace(kube);
    await untilPodsAdmitted(kube, namespace);
    return { kube, namespace, put: otherClient(inject('apiServer').kubeconfig) };
  },
  'the fake': async (): Promise<Side> => fakeSide('team'),
};

describe.each(Object.entries(sides))('%s', (_, makeSide) => {
  test.each(Object.entries({ ...apply, ...writes, ...removal, ...reading }))('%s', async (_, { run, sees }) => {
    expect(await run(await makeSide())).toEqual(sees);
  });
});
