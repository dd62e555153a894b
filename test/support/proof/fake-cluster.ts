import type { Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { gatewayRef } from '../../../src/model/gateway-api.ts';
import { type FakeKubeInput, fakeKube, refusal } from '../../fakes/kube.ts';
import { answerAsPod, gateway } from './local-path.ts';
import { readyPod } from './path.ts';

export const seed = { name: 'seed', port: 19999, protocol: 'TCP' };
export const emptyGateway = { ...gatewayRef(gateway), spec: { listeners: [seed] } };
const kinds = [
  ...['Namespace', 'ServiceAccount', 'ConfigMap', 'Service', 'Pod', 'Event'].map((kind) => `v1/${kind}`),
  'batch/v1/Job',
  'discovery.k8s.io/v1/EndpointSlice',
  'gateway.networking.k8s.io/v1alpha2/TCPRoute',
];

type JobObject = KubeObject & {
  readonly spec: { readonly template: { readonly spec: { readonly hostname: string } } };
};

const accountOf = ({ metadata: { name } }: KubeObject) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'default', namespace: name },
});

/** As Pod Security admission does. */
const refuseHostPath = (call: string): Error | undefined =>
  call.startsWith('create Pod default/taskgate-host-path')
    ? refusal(
        403,
        'Forbidden',
        'pods "taskgate-host-path" is forbidden: violates PodSecurity "baseline:latest": hostPath volumes',
      )
    : undefined;

/**
 * A cluster in which the sample task's Job has a ready pod at once, and a namespace its account; `secret` tells the host name that the
 * pod was given.
 */
export const sampleCluster = (input: FakeKubeInput = {}) => {
  let secret = '';
  const fake = fakeKube({
    objects: [emptyGateway],
    kinds,
    react: (object, { put }) => {
      if (object.kind === 'Namespace') put(accountOf(object));
      if (object.kind !== 'Job' || !object.metadata.name.startsWith('det-taskgate-')) return;
      secret = (object as JobObject).spec.template.spec.hostname;
      const { labels = {} } = object.metadata;
      put({ ...readyPod('sample-1'), metadata: { ...readyPod('sample-1').metadata, labels } });
    },
    refuse: refuseHostPath,
    ...input,
  });
  const text: Kube['text'] = (path, query = {}) =>
    answerAsPod(path.slice(path.indexOf('/proxy') + '/proxy'.length), new URLSearchParams(query));
  return { ...fake, kube: { ...fake.kube, text }, secret: () => secret };
};
