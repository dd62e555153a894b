import { describe, expect, test } from 'vitest';
import {
  chooseCRDs,
  findGatewayProblems,
  manifestBundle,
  verifyGatewayAPI,
} from '../../../src/gateway/install/drift.ts';
import { inspectGatewayAPI } from '../../../src/gateway/install/installed.ts';
import { parseManifest } from '../../../src/gateway/install/manifest.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { gatewaysCRD, manifestText, messages, otherCRDs, spec } from '../../support/gateway/fixture.ts';

const crdKind = 'apiextensions.k8s.io/v1/CustomResourceDefinition';
const policyKind = 'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy';
const classKind = 'gateway.networking.k8s.io/v1/GatewayClass';

const policy = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'safe-upgrades.gateway.networking.k8s.io' },
};
const foreignClass = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: 'taskgate' },
  spec: { controllerName: 'example.com/other' },
};
const wanted = { bundleVersion: 'v1.3.0', channel: 'experimental', listenerLimit: 213 };
const raised = gatewaysCRD({ limit: 213 });

const inspect = async (objects: readonly Parameters<typeof JSON.stringify>[0][]) => {
  const fake = fakeKube({ objects, kinds: [crdKind, policyKind, classKind] });
  const installed = await inspectGatewayAPI(fake.kube, spec);
  expect(fake.writes()).toEqual([]);
  return installed;
};

test('knows the bundle of the manifest', () => {
  expect(manifestBundle(parseManifest(manifestText))).toEqual({ bundleVersion: 'v1.3.0', channel: 'experimental' });
});

test('an empty cluster has no problem, even one that does not serve the kinds', async () => {
  const absentKinds = [crdKind, policyKind, classKind];
  const installed = await inspectGatewayAPI(fakeKube({ absentKinds }).kube, spec);
  expect(findGatewayProblems(installed, wanted)).toEqual([]);
  expect(chooseCRDs(installed, wanted)).toBe('install');
});

const [tcpRoutes] = otherCRDs().filter(({ metadata }) => metadata.name.startsWith('tcproutes.'));
const notServed = { ...tcpRoutes, spec: { group: 'g', versions: [{ name: 'v1alpha2', served: false }] } };
const v14 = { bundle: 'v1.4.1', limit: 213 };
const standard16 = gatewaysCRD({ bundle: 'v1.6.1', channel: 'standard', limit: 213 });

describe('what is installed', () => {
  test.each([
    ['our bundle, raised', [raised, ...otherCRDs()], [], 'install'],
    ['overwritten by the upstream file', [gatewaysCRD(), ...otherCRDs()], ['repair gateway.limit-drift'], 'install'],
    ['only spec raised', [gatewaysCRD({ limit: 213, statusLimit: 64 })], ['repair gateway.limit-drift'], 'install'],
    ['another bundle that can do it', [gatewaysCRD(v14), ...otherCRDs()], ['note gateway.bundle-kept'], 'keep'],
    [
      'another bundle, not raised',
      [gatewaysCRD({ bundle: 'v1.4.1' }), ...otherCRDs()],
      ['note gateway.bundle-kept', 'repair gateway.limit-drift'],
      'keep',
    ],
    [
      'another bundle that allows more',
      [gatewaysCRD({ bundle: 'v1.4.1', limit: 300 }), ...otherCRDs()],
      ['note gateway.bundle-kept'],
      'keep',
    ],
    [
      'one without TCPRoute v1alpha2',
      [standard16, ...otherCRDs({ tcproutes: ['v1'] })],
      ['refuse gateway.no-tcproute'],
      'keep',
    ],
    ['one without TCPRoute', [standard16], ['refuse gateway.no-tcproute'], 'keep'],
    [
      'one with TCPRoute, but without what Contour exits over',
      [gatewaysCRD({ bundle: 'v1.5.1', channel: 'standard', limit: 213 }), ...otherCRDs({ tlsroutes: ['v1'] })],
      ['refuse gateway.missing-kinds'],
      'keep',
    ],
    ['our bundle in part: an install completes it', [raised], [], 'install'],
    ['parts of our bundle, no Gateways', otherCRDs({ tcproutes: [] }), [], 'install'],
    [
      'parts of another one, no Gateways',
      otherCRDs({}, { bundle: 'v1.5.1', channel: 'standard' }),
      ['refuse gateway.partial-api'],
      'install',
    ],
    ['our bundle under the policy, all well', [raised, policy], [], 'keep'],
    [
      'our bundle under the policy, overwritten',
      [gatewaysCRD(), policy],
      ['refuse gateway.safe-upgrades', 'repair gateway.limit-drift'],
      'install',
    ],
    ['nothing but the policy', [policy], ['refuse gateway.safe-upgrades'], 'install'],
    [
      'a bundle that the policy lets be patched',
      [gatewaysCRD({ bundle: 'v1.5.1' }), ...otherCRDs(), policy],
      ['note gateway.bundle-kept', 'repair gateway.limit-drift'],
      'keep',
    ],
    [
      'the first bundle that the policy lets be patched',
      [gatewaysCRD({ bundle: 'v1.5.0' }), ...otherCRDs(), policy],
      ['note gateway.bundle-kept', 'repair gateway.limit-drift'],
      'keep',
    ],
    [
      'a bundle of two digits',
      [gatewaysCRD({ bundle: 'v1.10.0' }), ...otherCRDs(), policy],
      ['note gateway.bundle-kept', 'repair gateway.limit-drift'],
      'keep',
    ],
    [
      'a CRD that says nothing of its bundle',
      [{ ...raised, metadata: { name: raised.metadata.name } }, ...otherCRDs()],
      ['note gateway.bundle-kept'],
      'keep',
    ],
    [
      'a class of Contour',
      [raised, { ...foreignClass, spec: { controllerName: 'projectcontour.io/gateway-controller' } }],
      [],
      'install',
    ],
    ['a class without a controller', [raised, { ...foreignClass, spec: undefined }], [], 'install'],
    [
      'a version that is there, and not served',
      [gatewaysCRD(v14), ...otherCRDs({ tcproutes: [] }), notServed],
      ['refuse gateway.no-tcproute'],
      'keep',
    ],
    [
      'v1.4 under the policy, not raised',
      [gatewaysCRD({ bundle: 'v1.4.1' }), ...otherCRDs(), policy],
      ['note gateway.bundle-kept', 'refuse gateway.safe-upgrades', 'repair gateway.limit-drift'],
      'keep',
    ],
    ['v1.4 under the policy, raised', [gatewaysCRD(v14), ...otherCRDs(), policy], ['note gateway.bundle-kept'], 'keep'],
    ['a class of another controller', [raised, foreignClass], ['refuse gateway.class-taken'], 'install'],
  ])('%s', async (_, objects, problems, choice) => {
    const installed = await inspect(objects);
    const found = findGatewayProblems(installed, wanted);
    expect(found.map(({ verdict, id }) => `${verdict} ${id}`)).toEqual(problems);
    expect(found.every(({ message, hint }) => message.length > 0 && hint.length > 0)).toBe(true);
    expect(chooseCRDs(installed, wanted)).toBe(choice);
  });
});

test('another bundle that cannot do it: all that is missing, and both ways out are there for the user to go', async () => {
  const standard15 = gatewaysCRD({ bundle: 'v1.5.1', channel: 'standard', limit: 213 });
  const objects = [standard15, ...otherCRDs({ tcproutes: [], tlsroutes: ['v1'], backendtlspolicies: ['v1'] })];
  const [problem] = findGatewayProblems(await inspect(objects), wanted);
  expect(problem?.message).toBe(
    "Gateway API v1.5.1 (standard) is installed, Contour's manifest has v1.3.0 (experimental), and the installed one does not serve BackendTLSPolicy v1alpha3 (served: v1), TLSRoute v1alpha2 (served: v1), TCPRoute v1alpha2 (served: none)",
  );
  expect(problem?.hint).toBe(
    'Contour exits without it, and Determined needs TCPRoute v1alpha2: install the whole experimental channel of that release, or, if nothing else uses these CRDs, delete them and run `taskgate up` again',
  );
  const [guarded] = findGatewayProblems(await inspect([...objects, policy]), wanted);
  expect(guarded?.hint).toMatch(
    /; ValidatingAdmissionPolicy safe-upgrades\.gateway\.networking\.k8s\.io forbids both until it is removed: kubectl delete validatingadmissionpolicy,/,
  );
});

test('half an installation is described by its parts', async () => {
  const parts = otherCRDs({}, { bundle: 'v1.5.1', channel: 'standard' }).slice(0, 2);
  const [problem] = findGatewayProblems(await inspect(parts), wanted);
  expect(problem?.message).toBe(
    'Gateway API is installed in part: gatewayclasses.gateway.networking.k8s.io, httproutes.gateway.networking.k8s.io of v1.5.1 (standard), but no gateways.gateway.networking.k8s.io',
  );
});

test('above 213 the quadratic rules must be gone', async () => {
  const wants500 = { ...wanted, listenerLimit: 500 };
  const withRules = await inspect([gatewaysCRD({ limit: 500 })]);
  const without = await inspect([gatewaysCRD({ limit: 500, rules: [messages.tls] })]);
  expect(findGatewayProblems(withRules, wants500).map(({ id }) => id)).toEqual(['gateway.limit-drift']);
  expect(findGatewayProblems(without, wants500)).toEqual([]);
});

test('says what the limits are', async () => {
  const [problem] = findGatewayProblems(await inspect([gatewaysCRD()]), wanted);
  expect(problem?.message).toBe(
    'listener limit of gateways.gateway.networking.k8s.io should be 213 but is: v1 spec 64, status 64; v1beta1 spec 64, status 64',
  );
});

test('refuses with every refusal and its way out, and lets repairs through', async () => {
  const problems = findGatewayProblems(await inspect([standard16, foreignClass]), wanted);
  expect(() => verifyGatewayAPI(problems)).toThrow(
    expect.objectContaining({
      id: 'gateway.no-tcproute',
      message: expect.stringMatching(/v1\.6\.1 \(standard\).*\n?.*belongs to controller example.com\/other/),
      hint: expect.stringContaining('choose another class name'),
    }),
  );
  verifyGatewayAPI(findGatewayProblems(await inspect([gatewaysCRD()]), wanted));
});

test('the hint for the policy is the command that removes it', async () => {
  const [problem] = findGatewayProblems(await inspect([policy]), wanted);
  expect(problem?.hint).toContain(
    'kubectl delete validatingadmissionpolicy,validatingadmissionpolicybinding safe-upgrades.gateway.networking.k8s.io',
  );
});

test('a manifest without the CRD of Gateways is a bug', () => {
  const { crds, ...rest } = parseManifest(manifestText);
  const others = crds.filter(({ metadata }) => !metadata.name.startsWith('gateways.'));
  expect(() => manifestBundle({ ...rest, crds: others })).toThrow('manifest has no gateways.gateway.networking.k8s.io');
});

test('refusals are told one below the other, and repairs not at all', async () => {
  const problem = (id: 'gateway.no-tcproute' | 'gateway.class-taken', verdict: 'refuse' | 'repair') => ({
    ...{ id, verdict, message: `${id} seen`, hint: `mend ${id}` },
  });
  const problems = [
    problem('gateway.class-taken', 'repair'),
    problem('gateway.no-tcproute', 'refuse'),
    problem('gateway.class-taken', 'refuse'),
  ];
  expect(() => verifyGatewayAPI(problems)).toThrow(
    expect.objectContaining({
      id: 'gateway.no-tcproute',
      message: 'gateway.no-tcproute seen\ngateway.class-taken seen',
      hint: 'mend gateway.no-tcproute; mend gateway.class-taken',
    }),
  );
});
