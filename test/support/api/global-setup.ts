import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { startApiServer } from '../../../scripts/testbed/api-server.ts';
import { applyInstallation } from '../../../src/gateway/ensure.ts';
import { parseManifest } from '../../../src/gateway/install/manifest.ts';
import { connect } from '../../../src/lib/kube/client.ts';
import { gatewaySpec } from './gateway.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server that the tests of a run share: its administrator's kubeconfig, and the installation that is in it. */
    apiServer: { readonly kubeconfig: string; readonly manifestPath: string };
  }
}

/** One server for the run, with the Gateway API as `up` installs it. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const server = await startApiServer();
  try {
    const { kubeconfig, manifestPath } = server;
    const manifest = parseManifest(await readFile(manifestPath, 'utf8'));
    const spec = { ...gatewaySpec, instance: 'shared', instanceId: randomUUID() };
    await applyInstallation({ kube: connect(kubeconfig), spec, manifest, timeoutMs: 60_000 });
    project.provide('apiServer', { kubeconfig, manifestPath });
  } catch (error) {
    await server.remove();
    throw error;
  }
  return server.remove;
};
