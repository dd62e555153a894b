import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configFormats } from '../../../src/commands/config/formats.ts';
import { masterValuesOf } from '../../../src/commands/config/master-values.ts';
import { renderConfig } from '../../../src/commands/config/render.ts';
import { instancePaths } from '../../../src/instance/paths.ts';
import { parseYaml, parseYamlStream } from '../../../src/lib/template.ts';
import { adminPassword, finishedInstance } from '../../support/finished-instance.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const makeState = () => temporaryDir();

const loadTwo = async () => {
  const stateDir = await makeState();
  const first = await finishedInstance(stateDir, 'dev');
  const second = await finishedInstance(stateDir, 'second', { index: 1 });
  return [await masterValuesOf(first), await masterValuesOf(second)] as const;
};

test('the record tells all that a master needs; the password comes from its own file', async () => {
  const instance = await finishedInstance(await makeState(), 'dev');
  expect(await masterValuesOf(instance)).toEqual({
    ...instance.record().settings?.master,
    port: undefined,
    listenPort: 8080,
    gateway: instance.record().gateway,
    master: instance.record().master,
    kubeconfigPath: join(instance.dir, 'kubeconfig'),
    clusterId: '00000000-0000-4000-8000-000000000000',
    adminPassword,
    instance: 'dev',
    instanceId: instance.record().instanceId,
    cacheDir: join(instance.dir, 'master-cache'),
    root: join(instance.dir, 'master-root'),
  });
  expect(JSON.stringify(instance.record())).not.toContain(adminPassword);
});

test.each(['cluster', 'gateway', 'master', 'settings'] as const)('without %s up never finished', async (key) => {
  const instance = await finishedInstance(await makeState(), 'dev');
  const { [key]: _, ...record } = instance.record();
  await expect(masterValuesOf({ ...instance, record: () => record })).rejects.toMatchObject({
    id: 'environment.no-instance',
    message: "instance dev was never brought up to its end: no master's configuration is known",
    hint: 'run: taskgate up --name dev',
  });
});

test('nor did it without a password', async () => {
  const instance = await finishedInstance(await makeState(), 'dev');
  await rm(instancePaths(instance.dir).passwordPath);
  await expect(masterValuesOf(instance)).rejects.toMatchObject({ id: 'environment.no-instance' });
});

test.each(configFormats)('%s of one instance', async (format) => {
  const [dev] = await loadTwo();
  const text = renderConfig(format, [dev]);
  expect(parseYamlStream(text).length).toBe(format === 'rbac' ? 8 : 1);
  expect(text.includes(adminPassword)).toBe(format === 'master' || format === 'devcluster');
});

test('the first instance is the root resource manager, the others are additional ones', async () => {
  expect(parseYaml(renderConfig('master', await loadTwo()))).toMatchObject({
    resource_manager: { cluster_name: 'dev', internal_task_gateway: { gateway_ip: '10.210.255.2' } },
    additional_resource_managers: [
      { resource_manager: { cluster_name: 'second', internal_task_gateway: { gateway_ip: '10.211.255.2' } } },
    ],
  });
});

test('two ways into one cluster are seen by its id', async () => {
  const [dev, second] = await loadTwo();
  const same = { ...second, ...(dev.clusterId !== undefined && { clusterId: dev.clusterId }) };
  expect(() => renderConfig('master', [dev, same])).toThrow(
    expect.objectContaining({ id: 'usage.instances-overlap', message: expect.stringContaining('of one cluster') }),
  );
});

test('an account is of one cluster', async () => {
  const two = await loadTwo();
  expect(() => renderConfig('rbac', two)).toThrow(expect.objectContaining({ id: 'usage.one-instance' }));
});
