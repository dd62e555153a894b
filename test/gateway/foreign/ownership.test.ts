import { describe, expect, test } from 'vitest';
import { findOwnershipProblems, inspectOwnership } from '../../../src/gateway/foreign/ownership.ts';
import type { OriginalState } from '../../../src/gateway/foreign/snapshot.ts';
import { manifestBundle, verifyGatewayAPI } from '../../../src/gateway/install/drift.ts';
import { parseManifest } from '../../../src/gateway/install/manifest.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { fakeKube } from '../../fakes/kube.ts';
import {
  gatewaysCRD,
  manifestText,
  namespace,
  provisioner,
  spec,
  tcpRoutesCRD,
} from '../../support/gateway/fixture.ts';
import {
  contourDeployment,
  foreignGateway,
  installKinds,
  kubeSystem,
  labelled,
} from '../../support/gateway/foreign.ts';

const manifest = parseManifest(manifestText);
const nothing: OriginalState = { cluster: 'uid-1', crds: [], existed: [] };

type Given = { readonly original?: OriginalState; readonly adopt?: boolean };

const judge = async (objects: readonly KubeObject[], { original, adopt = false }: Given = {}) => {
  const fake = fakeKube({ objects: [kubeSystem, ...objects], kinds: installKinds });
  const present = await inspectOwnership(fake.kube, { spec, manifest });
  expect(fake.writes()).toEqual([]);
  return findOwnershipProblems(present, { spec, bundle: manifestBundle(manifest), original, adopt });
};

const gatewayClass = (controllerName: string): KubeObject => {
  const object: KubeObject & { readonly spec: unknown } = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'taskgate' },
    spec: { controllerName },
  };
  return object;
};

const contourCRD = { ...tcpRoutesCRD(['v1alpha1']), metadata: { name: 'contourdeployments.projectcontour.io' } };
const contourCRDs = { ...contourCRD, spec: { ...contourCRD.spec, group: 'projectcontour.io' } };
const theirs = contourDeployment('web', 'ingress');

describe('on the first up', () => {
  test.each<readonly [what: string, objects: readonly KubeObject[], ids: readonly string[]]>([
    ['an empty cluster', [], []],
    ['the same Gateway API', [gatewaysCRD(), tcpRoutesCRD()], []],
    ['another Gateway API', [gatewaysCRD({ bundle: 'v1.4.1' })], ['gateway.foreign-bundle']],
    ['another channel', [gatewaysCRD({ channel: 'standard' })], ['gateway.foreign-bundle']],
    ['our namespace', [namespace], []],
    ['Gateways of other names', [foreignGateway('det-web'), foreignGateway('tasks', 'default')], []],
    ['a provisioner', [provisioner], ['gateway.foreign-contour']],
    ['a Contour of other names', [theirs], ['gateway.foreign-contour']],
    [
      "a Contour's CRD of a group below its own",
      [{ ...contourCRDs, spec: { ...contourCRDs.spec, group: 'x.projectcontour.io' } }],
      ['gateway.foreign-contour'],
    ],
    [
      'a class that says no controller',
      [{ ...gatewayClass(''), spec: undefined } as KubeObject],
      ['gateway.foreign-gateway'],
    ],
    ["Contour's CRDs", [contourCRDs], ['gateway.foreign-contour']],
    ['a Gateway of our name', [foreignGateway('tasks')], ['gateway.foreign-gateway']],
    ['a class of our name', [gatewayClass('projectcontour.io/gateway-controller')], ['gateway.foreign-gateway']],
    ['a class of another controller, which drift refuses', [gatewayClass('example.com/other')], []],
    ['an instance of our name that somebody else has', [labelled(provisioner, 'dev')], ['gateway.foreign-contour']],
    [
      'all at once',
      [gatewaysCRD({ bundle: 'v1.4.1' }), provisioner, foreignGateway('tasks')],
      ['gateway.foreign-bundle', 'gateway.foreign-contour', 'gateway.foreign-gateway'],
    ],
  ])('%s', async (_, objects, ids) => {
    const problems = await judge(objects);
    expect(problems.map(({ verdict, id }) => `${verdict} ${id}`)).toEqual(ids.map((id) => `refuse ${id}`));
    expect(problems.every(({ hint }) => hint.includes('--adopt'))).toBe(true);
    const adopted = await judge(objects, { adopt: true });
    expect(adopted.map(({ verdict, id }) => `${verdict} ${id}`)).toEqual(ids.map((id) => `note ${id}`));
    verifyGatewayAPI(adopted);
  });
});

const running = (...images: readonly (string | undefined)[]): KubeObject => ({
  ...theirs,
  ...{ spec: { template: { spec: { containers: images.map((image) => (image === undefined ? {} : { image })) } } } },
});
const { spec: _, ...bare } = theirs as KubeObject & { readonly spec: unknown };

test.each([
  ['a registry, and a tag', running('ghcr.io/projectcontour/contour:v1.33.6'), true],
  ['a digest', running('ghcr.io/projectcontour/contour@sha256:1'), true],
  ['neither', running('contour'), true],
  ['a tag alone', running('contour:v1'), true],
  ['another container beside it', running(undefined, 'envoyproxy/envoy:v1', 'x/contour:v1'), true],
  ['an image that begins so', running('x/contour-authserver:v1'), false],
  ['an image that ends so', running('x/mycontour:v1'), false],
  ['an owner of that name', running('contour/other:v1'), false],
  ['no image', running(undefined), false],
  ['no container', bare, false],
])('a Deployment runs Contour by its image: %s', async (_, deployment, isContour) => {
  const fake = fakeKube({ objects: [kubeSystem, deployment], kinds: installKinds });
  const { contours } = await inspectOwnership(fake.kube, { spec, manifest });
  expect(contours).toHaveLength(isContour ? 1 : 0);
});

describe('messages', () => {
  test('three are named', async () => {
    const [problem] = await judge([theirs, provisioner, contourCRDs]);
    expect(problem?.message).toMatch(
      /ingress\/contour-web, .*contourdeployments\.projectcontour\.io, Deployment projectcontour\/contour-gateway-provisioner$/,
    );
  });

  test('what is adopted is left unchanged, and what is refused has a way out', async () => {
    const [adopted] = await judge([provisioner], { adopt: true });
    const [refused] = await judge([provisioner]);
    expect(adopted?.hint).toBe('it is left unchanged');
    expect(refused?.hint).toContain('--adopt');
  });

  test('name both bundles', async () => {
    const [problem] = await judge([gatewaysCRD({ bundle: 'v1.4.1', channel: 'standard' })]);
    expect(problem?.message).toBe(
      "the cluster serves Gateway API v1.4.1 (standard), Contour's manifest has v1.3.0 (experimental)",
    );
  });

  test('name what is there, and of which instance', async () => {
    const objects = [theirs, labelled(provisioner, 'other'), contourCRDs, contourDeployment('more')];
    const [problem] = await judge(objects);
    expect(problem?.message).toBe(
      'the cluster has a Contour that this instance did not install: Deployment ingress/contour-web, ' +
        'Deployment projectcontour/contour-more, CustomResourceDefinition contourdeployments.projectcontour.io and 1 more',
    );
    const [gateway] = await judge([labelled(foreignGateway('tasks'), 'other')]);
    expect(gateway?.message).toBe(
      "the cluster has objects of the same name that this instance did not create: Gateway projectcontour/tasks (of taskgate instance 'other')",
    );
  });
});

describe('on a later up', () => {
  const ours = [gatewaysCRD({ bundle: 'v1.3.0' }), provisioner, foreignGateway('tasks')].map((one) =>
    labelled(one, 'dev'),
  );

  test('what we made is ours, and so is the Contour that the provisioner made for it', async () => {
    expect(await judge([...ours, contourDeployment('tasks')], { original: nothing })).toEqual([]);
  });

  test('what was there before is still not', async () => {
    const original = { ...nothing, existed: [provisioner] };
    expect((await judge(ours, { original })).map(({ id }) => id)).toEqual(['gateway.foreign-contour']);
  });

  test.each([
    ['another Gateway', contourDeployment('web')],
    ['a Gateway of our name elsewhere', contourDeployment('tasks', 'ingress')],
    ['no Gateway', { ...contourDeployment('tasks'), metadata: { name: 'contour-tasks', namespace: 'projectcontour' } }],
  ])('a Contour for %s is not ours', async (_, contour) => {
    expect((await judge([...ours, contour], { original: nothing })).map(({ id }) => id)).toEqual([
      'gateway.foreign-contour',
    ]);
  });

  test("another Contour that came meanwhile, and one for somebody else's Gateway of our name, are refused", async () => {
    expect((await judge([...ours, theirs], { original: nothing })).map(({ id }) => id)).toEqual([
      'gateway.foreign-contour',
    ]);
    const objects = [foreignGateway('tasks'), contourDeployment('tasks')];
    expect((await judge(objects, { original: nothing })).map(({ id }) => id)).toEqual([
      'gateway.foreign-contour',
      'gateway.foreign-gateway',
    ]);
  });
});
