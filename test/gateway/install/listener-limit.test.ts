import { expect, test } from 'vitest';
import {
  type CRD,
  hasLimit,
  hasRoomFor,
  listenerLimits,
  raiseListenerLimit,
} from '../../../src/gateway/install/listener-limit.ts';
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

/** The CRD with another schema of listeners in its second version. */
const withSecond = (crd: CRD, second: CRD): CRD => ({
  ...crd,
  spec: { ...crd.spec, versions: [...crd.spec.versions.slice(0, 1), ...second.spec.versions.slice(1)] },
});
const low = gatewaysCRD({ limit: 64 });
const high = gatewaysCRD({ limit: 213 });
const bare = { name: 'v2', served: true };
const unlimited = { ...high, spec: { ...high.spec, versions: [bare] } };

test.each([
  ['exactly', high, true, true],
  ['more', gatewaysCRD({ limit: 300 }), false, true],
  ['one less', gatewaysCRD({ limit: 212 }), false, false],
  ['less in spec', gatewaysCRD({ limit: 64, statusLimit: 213 }), false, false],
  ['less in status', gatewaysCRD({ limit: 213, statusLimit: 64 }), false, false],
  ['less in the second version', withSecond(high, low), false, false],
  ['less in the first version', withSecond(low, high), false, false],
  ['without a limit', unlimited, false, true],
])('213 listeners: %s', (_, crd, isExact, isEnough) => {
  expect([hasLimit(crd, 213), hasRoomFor(crd, 213)]).toEqual([isExact, isEnough]);
});

const schema = (properties?: object) => ({
  ...bare,
  schema: { openAPIV3Schema: { ...(properties && { properties }) } },
});
const listeners = { properties: { listeners: { maxItems: 64 } } };

test.each([
  ['no schema', bare],
  ['an empty schema', { ...bare, schema: {} }],
  ['no properties', schema()],
  ['neither spec nor status', schema({})],
  ['no properties of either', schema({ spec: {}, status: {} })],
  ['no listeners in either', schema({ spec: { properties: {} }, status: { properties: {} } })],
])('a version with %s has no limits', (_, version) => {
  const crd: CRD = { ...low, spec: { ...low.spec, versions: [version as typeof bare] } };
  const none = { version: 'v2', spec: undefined, status: undefined, hasQuadraticRules: false };
  expect(listenerLimits(crd)).toEqual([none]);
  expect(() => raiseListenerLimit(crd, 213)).toThrow('Gateway CRD v2 has no listener limit to raise');
});

test.each([
  ['status', schema({ spec: listeners, status: { properties: {} } })],
  ['spec', schema({ spec: { properties: {} }, status: listeners })],
])('a version without a limit in %s alone cannot be raised', (_, version) => {
  const crd: CRD = { ...low, spec: { ...low.spec, versions: [version as typeof bare] } };
  expect(() => raiseListenerLimit(crd, 213)).toThrow('no listener limit to raise');
});

test('a version without rules gets none', () => {
  const crd: CRD = {
    ...low,
    spec: { ...low.spec, versions: [schema({ spec: listeners, status: listeners }) as typeof bare] },
  };
  const [version] = raiseListenerLimit(crd, 500).spec.versions;
  expect(version?.schema?.openAPIV3Schema?.properties?.spec?.properties?.listeners).toEqual({
    maxItems: 500,
    'x-kubernetes-validations': [],
  });
  expect(listenerLimits(crd)[0]?.hasQuadraticRules).toBe(false);
});
