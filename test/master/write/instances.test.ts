import { describe, expect, test } from 'vitest';
import { parseYaml } from '../../../src/lib/template.ts';
import { validateMasterConfig } from '../../../src/master/rules/validate.ts';
import { masterConfig, renderMasterConfig } from '../../../src/master/write/config.ts';
import { renderDevcluster } from '../../../src/master/write/devcluster.ts';
import type { MasterValues } from '../../../src/master/write/values.ts';
import { sampleValues, secondValues } from '../../support/master/sample.ts';

const third: MasterValues = {
  ...secondValues,
  instance: 'third',
  clusterName: 'third',
  resourcePool: 'third',
  kubeconfigPath: '/home/me/third.kubeconfig',
  taskImage: sampleValues.taskImage,
  gateway: { ...secondValues.gateway, address: 'gateway.example' },
  master: { scheme: 'https', host: 'abc.example', port: 443, via: 'url' },
};

const renderers = [
  ['master.yaml', renderMasterConfig],
  ['devcluster.yaml', renderDevcluster],
] as const;

describe.each(renderers)('%s over several instances', (_, render) => {
  test('is found good', () => {
    expect(validateMasterConfig(render(sampleValues, secondValues, third))).toEqual([]);
  });

  test('names the version that it needs', () => {
    const note = '# Several resource managers need Determined 0.38.0 or newer.';
    expect(render(sampleValues, secondValues)).toContain(note);
    expect(render(sampleValues)).not.toContain(note);
  });

  test('refuses conflicting instances', () => {
    expect(() => render(sampleValues, sampleValues)).toThrow('instance dev is named twice');
  });
});

test('the first is the root resource manager, the others are additional ones with their own pools', () => {
  const config = parseYaml(renderMasterConfig(sampleValues, secondValues, third));
  expect(config).toEqual(masterConfig(sampleValues, secondValues, third));
  expect(config).toMatchObject({
    port: 8080,
    security: { initial_user_password: sampleValues.adminPassword },
    resource_manager: { cluster_name: 'dev', internal_task_gateway: { gateway_ip: '192.168.49.2' } },
    resource_pools: [{ pool_name: 'default' }],
    additional_resource_managers: [
      {
        resource_manager: {
          type: 'kubernetes',
          cluster_name: 'second',
          kubeconfig_path: secondValues.kubeconfigPath,
          max_slots_per_pod: 1,
          internal_task_gateway: { gateway_ip: '192.168.58.2', gateway_port_range_start: 20000 },
        },
        resource_pools: [{ pool_name: 'second', task_container_defaults: { image: secondValues.taskImage } }],
      },
      {
        resource_manager: {
          cluster_name: 'third',
          determined_master_scheme: 'https',
          determined_master_host: 'abc.example',
          determined_master_port: 443,
        },
        resource_pools: [{ pool_name: 'third' }],
      },
    ],
  });
});

test('a single one has no additional resource managers', () => {
  expect(parseYaml(renderMasterConfig(sampleValues))).not.toHaveProperty('additional_resource_managers');
});

type Change = Partial<Omit<MasterValues, 'gateway'>> & { readonly gateway?: Partial<MasterValues['gateway']> };
const second = ({ gateway, ...change }: Change): MasterValues => ({
  ...secondValues,
  ...change,
  gateway: { ...secondValues.gateway, ...gateway },
});
const address = sampleValues.gateway.address;
const sameCluster = { kubeconfigPath: sampleValues.kubeconfigPath };
const gateway = 'Gateway projectcontour/contour of one cluster';

test.each<readonly [what: string, change: Change, problems: readonly string[]]>([
  ['cluster name', { clusterName: 'dev' }, ['the cluster name dev']],
  ['pool', { resourcePool: 'default' }, ['the resource pool default']],
  ['Gateway, by kubeconfig', sameCluster, [gateway]],
  [
    'Gateway, by address, with ranges apart',
    { gateway: { address, portRange: { start: 21000, end: 21100 } } },
    [gateway],
  ],
  [
    'a port of an address',
    { gateway: { name: 'other', address, portRange: { start: 20199, end: 20300 } } },
    [`ports of ${address} (20000-20199 and 20199-20300)`],
  ],
  [
    'task namespace',
    { ...sameCluster, taskNamespace: 'default', gateway: { name: 'other' } },
    ['task namespace default of one cluster'],
  ],
])('two instances may not share: %s', (_, change, problems) => {
  const message = problems.map((problem) => `dev and second both have ${problem}`).join('; ');
  expect(() => renderMasterConfig(sampleValues, second(change))).toThrow(
    expect.objectContaining({
      id: 'usage.instances-overlap',
      message: `one master cannot serve these instances: ${message}`,
      hint: expect.stringMatching(/^give /),
    }),
  );
});

test('one cluster is known by its id, whatever the kubeconfigs', () => {
  const one = { ...sampleValues, clusterId: 'uid-1' };
  expect(() => renderMasterConfig(one, second({ clusterId: 'uid-1', taskNamespace: 'default' }))).toThrow(
    `dev and second both have ${gateway}; dev and second both have task namespace default of one cluster`,
  );
});

test('one cluster may have two Gateways with their own ports and namespaces', () => {
  const apart = second({ ...sameCluster, gateway: { name: 'other', portRange: { start: 21000, end: 21100 } } });
  expect(validateMasterConfig(renderMasterConfig(sampleValues, apart))).toEqual([]);
});

test('two clusters may have equal namespaces, ports and Gateway names', () => {
  expect(validateMasterConfig(renderMasterConfig(sampleValues, second({ taskNamespace: 'default' })))).toEqual([]);
});

test('a certificate is of one instance', () => {
  const tls = { cert: '/a/master.crt', key: '/a/master.key' };
  expect(() => renderMasterConfig({ ...sampleValues, tls }, secondValues)).toThrow(
    `the certificate of ${sampleValues.instance} is for that instance's tasks only`,
  );
});

test('a master listens on one port', () => {
  expect(() => renderMasterConfig(sampleValues, second({ listenPort: 9090 }))).toThrow(
    'dev expects the master on port 8080, second on 9090',
  );
});

test('reports all conflicts at once', () => {
  const copy = { ...sampleValues, instance: 'copy' };
  const say = () => renderMasterConfig(sampleValues, copy, third);
  for (const what of ['cluster name dev', 'resource pool default', gateway, 'task namespace default']) {
    expect(say).toThrow(what);
  }
});
