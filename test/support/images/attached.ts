import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInstance } from '../../../src/instance/instance.ts';
import { instancePaths } from '../../../src/instance/paths.ts';
import { makeUser } from '../command-input.ts';
import { servePlainly } from '../kube/plain-server.ts';

const digest = `sha256:${'a'.repeat(64)}`;

const node = {
  metadata: { name: 'east-control-plane' },
  spec: { providerID: 'kind://docker/east/east-control-plane' },
  status: {
    images: [
      { names: [`docker.io/me/task@${digest}`, 'docker.io/me/task:1'], sizeBytes: 2e9 },
      { names: ['registry.k8s.io/pause:3.10'], sizeBytes: 1e6 },
    ],
  },
};

const nodes = { kind: 'NodeList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [node] };
const resources = {
  kind: 'APIResourceList',
  groupVersion: 'v1',
  resources: [{ name: 'nodes', singularName: 'node', kind: 'Node', namespaced: false, verbs: ['list'] }],
};

/** A user with an instance `rack` that is attached to a cluster of kind, of which only its nodes can be listed; and a file. */
export const attachedInstance = async () => {
  const user = await makeUser();
  const requests: string[] = [];
  const kubeconfig = await servePlainly((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'application/json');
    const isList = request.url?.startsWith('/api/v1/nodes');
    response.end(JSON.stringify(isList ? nodes : resources));
  });
  const attach = { context: 'kind-east', allowContext: 'kind-east', kubeconfigPaths: [] };
  const instance = await createInstance(user.stateDir, { name: 'rack', provider: 'attach', attach });
  const { kubeconfigPath } = instancePaths(instance.dir);
  await writeFile(kubeconfigPath, kubeconfig);
  await instance.change({
    cluster: {
      ...{ name: 'rack', provider: 'attach', kubeconfigPath, kubeContext: 'x' },
      ...{ nodeName: 'east-control-plane', nodeAddress: '127.0.0.1', hostAddress: '127.0.0.1' },
    },
  });
  const file = join(user.input().invocation.cwd, 'a.tar');
  await writeFile(file, '');
  return { input: () => user.input({ name: 'rack' }), file, requests, stateDir: user.stateDir };
};
