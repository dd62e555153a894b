import { expect, test } from 'vitest';
import { hasLimit, listenerLimits, raiseListenerLimit } from '../../../src/gateway/install/listener-limit.ts';
import { gatewaysCRD, messages } from '../../support/gateway/fixture.ts';

test.each([
  [64, true],
  [128, true],
  [213, true],
  [214, false],
  [256, false],
  [1000, false],
])('limit %i is set in spec and status of each version, quadratic rules kept: %s', (limit, hasQuadraticRules) => {
  const raised = raiseListenerLimit(gatewaysCRD(), limit);
  const all = { spec: limit, status: limit, hasQuadraticRules };
  expect(listenerLimits(raised)).toEqual([
    { version: 'v1', ...all },
    { version: 'v1beta1', ...all },
  ]);
  expect(hasLimit(raised, limit)).toBe(true);
});

test('changes nothing else, and leaves its input alone', () => {
  const crd = gatewaysCRD();
  const before = JSON.stringify(crd);
  expect(raiseListenerLimit(crd, 64)).toEqual(gatewaysCRD());
  expect(JSON.stringify(raiseListenerLimit(crd, 213))).toBe(before.replaceAll('"maxItems":64', '"maxItems":213'));
  expect(JSON.stringify(crd)).toBe(before);
});

test('finds the quadratic rules by message, wherever they are', () => {
  const crd = gatewaysCRD({ rules: [messages.combination, messages.tls, messages.name, 'another'] });
  const [version] = raiseListenerLimit(crd, 500).spec.versions;
  const rules = version?.schema?.openAPIV3Schema?.properties?.spec?.properties?.listeners?.['x-kubernetes-validations'];
  expect(rules?.map(({ message }) => message)).toEqual([messages.tls, 'another']);
});

test('throws when there is no limit to raise', () => {
  const crd = gatewaysCRD();
  const bare = { ...crd, spec: { ...crd.spec, versions: [{ name: 'v2', served: true }] } };
  expect(() => raiseListenerLimit(bare, 213)).toThrow('Gateway CRD v2 has no listener limit to raise');
});

test('a raised spec alone is not enough', () => {
  expect(hasLimit(gatewaysCRD({ limit: 213, statusLimit: 64 }), 213)).toBe(false);
});
