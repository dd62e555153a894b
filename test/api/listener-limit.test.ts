import { describe, expect, test } from 'vitest';
import {
  type CRD,
  hasLimit,
  isCRD,
  largestUnmodifiedLimit,
  raiseListenerLimit,
} from '../../src/gateway/install/listener-limit.ts';
import { isEstablished } from '../../src/gateway/ready/conditions.ts';
import { crdKind, gatewaysCRDName } from '../../src/gateway/spec.ts';
import type { Kube } from '../../src/lib/kube/client.ts';
import type { Gateway } from '../../src/lib/kube/shapes.ts';
import { gatewayRef } from '../../src/model/gateway-api.ts';
import { administrator, newGateway, readManifest, untilSeen } from '../support/api/cluster.ts';
import { gatewaySpec } from '../support/api/gateway.ts';
import { failureOf } from '../support/failure-of.ts';

const ref = { ...crdKind, metadata: { name: gatewaysCRDName } };
const upstream = async (): Promise<CRD> => {
  const found = (await readManifest()).crds.find(({ metadata }) => metadata.name === gatewaysCRDName);
  if (!found) throw new Error('the manifest has no Gateways');
  return found;
};

const listeners = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `det-${1025 + index}`, port: 1025 + index, protocol: 'TCP' }));

const withListeners = async (kube: Kube, count: number): Promise<Gateway> => {
  const live = await kube.get<Gateway>(gatewayRef(await newGateway(kube)));
  return { ...live, spec: { ...live.spec, listeners: listeners(count) } };
};

describe('the Gateways that up installs', () => {
  const { listenerLimit } = gatewaySpec;

  test('are what was asked for, in every version', async () => {
    const crd = await administrator().get<CRD>(ref);
    expect(hasLimit(crd, listenerLimit)).toBe(true);
    expect(isEstablished(crd)).toBe(true);
  });

  test.each([
    [1, true],
    [64, true],
    [65, true],
    [listenerLimit, true],
    [listenerLimit + 1, false],
  ])('%i listeners: taken is %s', async (count, isTaken) => {
    const kube = administrator();
    const gateway = await withListeners(kube, count);
    if (isTaken) return void expect((await kube.update(gateway, { dryRun: true })).spec.listeners).toHaveLength(count);
    const failure = await failureOf(kube.update(gateway, { dryRun: true }));
    expect(failure).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(failure.message).toContain(`Too many: ${count}: must have at most ${listenerLimit} items`);
  });

  test('have room for the status of as many listeners', async () => {
    const kube = administrator();
    const gateway = await withListeners(kube, listenerLimit);
    const { metadata } = await kube.update(gateway);
    const condition = { type: 'Programmed', status: 'True', reason: 'Programmed', message: '' };
    const conditions = [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }];
    const status = {
      listeners: listeners(listenerLimit).map(({ name }) => ({
        ...{ name, attachedRoutes: 1, conditions },
        supportedKinds: [{ group: 'gateway.networking.k8s.io', kind: 'TCPRoute' }],
      })),
    };
    const written = await kube.patch<Gateway>(
      { ...gateway, metadata },
      { status },
      { type: 'merge', subresource: 'status' },
    );
    expect(written.status?.listeners).toHaveLength(listenerLimit);
  });

  test('two listeners of one name are refused still, by the list itself', async () => {
    const kube = administrator();
    const gateway = await withListeners(kube, 2);
    const [first, second] = listeners(2);
    const twice = { ...gateway, spec: { ...gateway.spec, listeners: [first, { ...second, name: first?.name ?? '' }] } };
    await expect(kube.update(twice as Gateway, { dryRun: true })).rejects.toThrow(/Duplicate value/);
  });
});

describe('how far the limit goes with the rules of upstream', () => {
  /** With all rules, whatever the limit: what taskgate does not write. */
  const keepRules = (crd: CRD, limit: number): CRD => {
    const raised = raiseListenerLimit(crd, largestUnmodifiedLimit);
    return JSON.parse(JSON.stringify(raised).replaceAll(`"maxItems":${largestUnmodifiedLimit}`, `"maxItems":${limit}`));
  };

  test.each([
    64,
    largestUnmodifiedLimit,
    largestUnmodifiedLimit + 1,
    1_000,
  ])('%i: taken as taskgate writes it', async (limit) => {
    const written = await administrator().apply(raiseListenerLimit(await upstream(), limit), { dryRun: true });
    expect(isCRD(written) && hasLimit(written, limit)).toBe(true);
  });

  test('the largest with all rules is the one that is written down: one more is refused for its cost', async () => {
    const kube = administrator();
    const crd = await upstream();
    await kube.apply(keepRules(crd, largestUnmodifiedLimit), { dryRun: true });
    const refused = kube.apply(keepRules(crd, largestUnmodifiedLimit + 1), { dryRun: true });
    await expect(refused).rejects.toThrow(/estimated rule cost exceeds budget/i);
  });
});

const crdOf = (plural: string, kind: string) => ({
  ...{ ...crdKind, metadata: { name: `${plural}.names.example.com` } },
  spec: {
    ...{ group: 'names.example.com', scope: 'Namespaced', names: { plural, kind, singular: plural } },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
});

test('a CRD whose names another one has is not established, and the reason is what it says', async () => {
  const kube = administrator();
  const [first, second] = [crdOf('firsts', 'Same'), crdOf('seconds', 'Same')];
  try {
    await kube.apply(first);
    const judged = async (object: object) => isEstablished(await kube.get<CRD>(object as CRD));
    await untilSeen('the first', async () => judged(first));
    await kube.apply(second);
    await expect.poll(() => judged(second)).toMatch(/NotAccepted.*"Same(List)?" is already in use/);
  } finally {
    for (const one of [second, first]) await kube.remove(one);
  }
});
