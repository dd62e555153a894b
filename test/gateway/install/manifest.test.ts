import { expect, test } from 'vitest';
import { listenerLimits } from '../../../src/gateway/install/listener-limit.ts';
import { adaptManifest, parseManifest, withoutLeaderElection } from '../../../src/gateway/install/manifest.ts';
import { renderYaml } from '../../../src/lib/template.ts';
import {
  gatewaysCRD,
  manifestText,
  messages,
  namespace,
  provisioner,
  tcpRoutesCRD,
} from '../../support/gateway/fixture.ts';

test('splits the manifest, skips empty documents and drops CRD statuses', () => {
  const { crds, rest, provisioner: deployment } = parseManifest(manifestText);
  expect(crds.map(({ metadata }) => metadata.name)).toEqual([
    'contourdeployments.projectcontour.io',
    'gateways.gateway.networking.k8s.io',
    'tcproutes.gateway.networking.k8s.io',
  ]);
  expect(crds.every((crd) => !('status' in crd))).toBe(true);
  expect(rest.map(({ kind }) => kind)).toEqual(['Namespace', 'ServiceAccount']);
  expect(deployment.metadata.name).toBe('contour-gateway-provisioner');
});

test.each([
  ['no Gateway CRD', renderYaml(provisioner), 'has no CustomResourceDefinition gateways.gateway.networking.k8s.io'],
  ['no Deployment', renderYaml(gatewaysCRD()), 'not have exactly one Deployment'],
  ['two Deployments', `${manifestText}---\n${renderYaml(provisioner)}`, 'not have exactly one Deployment'],
  ['something else', `${manifestText}---\n404: Not Found\n`, 'not a Kubernetes object'],
  ['a text', `${manifestText}---\nNot Found\n`, 'not a Kubernetes object'],
  [
    'another CRD alone',
    `${renderYaml(tcpRoutesCRD())}---\n${renderYaml(provisioner)}`,
    'has no CustomResourceDefinition',
  ],
  [
    'an object without apiVersion',
    `${manifestText}---\nkind: Secret\nmetadata: { name: x }\n`,
    'not a Kubernetes object',
  ],
  ['an object without kind', `${manifestText}---\napiVersion: v1\nmetadata: { name: x }\n`, 'not a Kubernetes object'],
  ['an object without metadata', `${manifestText}---\napiVersion: v1\nkind: Secret\n`, 'not a Kubernetes object'],
])('refuses a manifest with %s', (_, text, message) => {
  expect(() => parseManifest(text)).toThrow(message);
});

test('adapts it: our labels on everything beside its own, the limit raised, no leader election', () => {
  const {
    crds,
    rest,
    provisioner: deployment,
  } = adaptManifest(parseManifest(manifestText), {
    instance: 'dev',
    listenerLimit: 128,
  });
  const ours = { 'app.kubernetes.io/managed-by': 'taskgate', 'taskgate.dev/instance': 'dev' };
  expect(rest.length).toBeGreaterThan(0);
  for (const { metadata } of [...crds, ...rest]) expect(metadata.labels).toEqual(ours);
  expect(deployment.metadata.labels).toEqual({ app: 'provisioner', ...ours });
  expect(crds.flatMap((crd) => listenerLimits(crd).map(({ spec }) => spec))).toContain(128);
  expect(deployment.spec.template.spec.containers).toEqual([{ name: 'provisioner', args: ['gateway-provisioner'] }]);
});

test('throws when upstream moved', () => {
  const { spec, ...head } = provisioner;
  const bare = { ...head, spec: { template: { spec: { containers: [{ name: 'provisioner', args: [] }] } } } };
  expect(() => withoutLeaderElection(bare)).toThrow('no --enable-leader-election to remove');
  const text = [gatewaysCRD({ rules: [messages.tls] }), namespace, { ...head, spec }].map(renderYaml).join('---\n');
  expect(() => adaptManifest(parseManifest(text), { instance: 'dev', listenerLimit: 500 })).toThrow(
    'no quadratic rule',
  );
});

test.each([
  ['213 is reached with them', 213, [messages.tls]],
  ['500 where each version has one', 500, [messages.tls, messages.name]],
])('no rule must be there to remove: %s', (_, listenerLimit, rules) => {
  const text = [gatewaysCRD({ rules }), provisioner].map(renderYaml).join('---\n');
  const [crd] = adaptManifest(parseManifest(text), { instance: 'dev', listenerLimit }).crds;
  expect(crd && listenerLimits(crd).map(({ spec }) => spec)).toEqual([listenerLimit, listenerLimit]);
});

test('leader election goes from the container that has it; others stay as they are', () => {
  const container = (name: string, ...args: readonly string[]) => ({ name, ...(args.length > 0 && { args }) });
  const containers = [
    container('side'),
    container('provisioner', '--enable-leader-election', '--v=1'),
    container('log', '--v=2'),
  ];
  const changed = withoutLeaderElection({ ...provisioner, spec: { template: { spec: { containers } } } });
  expect(changed.spec.template.spec.containers).toEqual([
    container('side'),
    container('provisioner', '--v=1'),
    container('log', '--v=2'),
  ]);
});
